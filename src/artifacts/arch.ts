import { CliError } from '../errors/cli-error.js';
import { cmd, type Executor } from '../exec/command.js';

/** Architectures in the words of k3s release files. */
export const ARCHES = ['amd64', 'arm64'] as const;
export type Arch = (typeof ARCHES)[number];

const BY_MACHINE: Readonly<Record<string, Arch>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/** The architecture of the host, from `uname -m`. Throws HOST_UNFIT when kglab has no release files for it. */
export const hostArch = async (host: Executor): Promise<Arch> => {
  const { stdout } = await host.exec(cmd('uname', '-m'));
  const arch = BY_MACHINE[stdout.trim()];
  if (arch !== undefined) return arch;
  throw new CliError(
    'HOST_UNFIT',
    `This host is of architecture "${stdout.trim()}"; labs need amd64 or arm64.`,
  );
};
