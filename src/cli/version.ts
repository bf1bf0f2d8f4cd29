import type { OutputFlags } from './support/flags.js';
import { renderOutput } from './support/output.js';
import { ownVersion } from './support/package-info.js';
import type { Session } from './support/session.js';
import { stdout } from './support/streams.js';

/** `kglab version` */
export const versionCommand = async (_session: Session, { output }: OutputFlags): Promise<void> => {
  const version = ownVersion();
  stdout.write(
    await renderOutput(output, { kglab: version, node: process.version }, () => `kglab ${version}\n`),
  );
};
