/** How the versions of multipass differ, as far as the stand-in shows it. */
export interface Profile {
  readonly version: string;
  readonly minor: number;
}

const VERSIONS: Readonly<Record<string, string>> = {
  '1.12': '1.12.2',
  '1.14': '1.14.1',
  '1.15': '1.15.1',
  '1.16.3': '1.16.3',
  '1.17': '1.17.0',
};

/** The profile that FAKE_VERSION names; 1.16.3 without it. */
export const profileOf = (name = '1.16.3'): Profile => {
  const version = VERSIONS[name];
  if (version === undefined) throw new Error(`FAKE_VERSION is one of ${Object.keys(VERSIONS).join(' ')}`);
  return { version, minor: Number(version.split('.')[1]) };
};
