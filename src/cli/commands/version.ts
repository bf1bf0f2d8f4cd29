import type { OutputFlags } from '../flags.js';
import { renderOutput } from '../output.js';
import { ownVersion } from '../package-info.js';
import type { Session } from '../run-cli.js';
import { stdout } from '../streams.js';

/** `kglab version` */
export const versionCommand = async (_session: Session, { output }: OutputFlags): Promise<void> => {
  const version = ownVersion();
  stdout.write(
    await renderOutput(output, { kglab: version, node: process.version }, () => `kglab ${version}\n`),
  );
};
