import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { dirname, join } from 'node:path';

export interface SeedInput {
  readonly name: string;
  readonly machineId: string;
  /** Address with its prefix, e.g. `10.77.0.11/24`. */
  readonly address: string;
  readonly gateway: string;
  readonly nameservers: readonly string[];
  readonly userData: string;
}

/** systemd-nspawn names the interface host0. `optional`: the boot does not wait for it. */
const networkConfig = ({ address, gateway }: SeedInput): string => `version: 2
ethernets:
  host0:
    addresses: ['${address}']
    gateway4: ${gateway}
    dhcp4: false
    link-local: []
    optional: true
`;

const SEED = '/var/lib/cloud/seed/nocloud';

/** Files that differ between machines: the NoCloud seed of cloud-init, identity, nameservers. */
export const seedFiles = (input: SeedInput): Readonly<Record<string, string>> => ({
  [`${SEED}/user-data`]: input.userData,
  [`${SEED}/meta-data`]: `instance-id: ${input.machineId}\nlocal-hostname: ${input.name}\n`,
  [`${SEED}/network-config`]: networkConfig(input),
  '/etc/machine-id': `${input.machineId}\n`,
  '/etc/hostname': `${input.name}\n`,
  '/etc/resolv.conf': input.nameservers.map((address) => `nameserver ${address}\n`).join(''),
});

const PRIVATE = `${SEED}/user-data`;

/** Writes the files into the upper folder of a machine's overlay, before it is mounted. */
export const writeSeed = async (upper: string, input: SeedInput): Promise<void> => {
  for (const [path, text] of Object.entries(seedFiles(input))) {
    await mkdir(dirname(join(upper, path)), { recursive: true, mode: 0o755 });
    // Flushed, because the machine counts as complete right after.
    await writeFile(join(upper, path), text, { mode: path === PRIVATE ? 0o600 : 0o644, flush: true });
  }
  // The upper folder's mode is the mode of the machine's `/`.
  await chmod(upper, 0o755);
};

/** Nameservers in a resolv.conf that a machine can reach: IPv4, not the host's loopback. */
export const parseNameservers = (resolvConf: string): readonly string[] =>
  [...resolvConf.matchAll(/^nameserver\s+(\S+)\s*$/gm)]
    .map((match) => match[1] ?? '')
    .filter((address) => isIPv4(address) && !address.startsWith('127.'));

/** The host's resolv.conf, for machines with internet access. */
export const readResolvConf = async (): Promise<string> => {
  const main = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  // systemd-resolved writes its loopback address there; the real nameservers are in its own file.
  return main.includes('127.0.0.53')
    ? readFile('/run/systemd/resolve/resolv.conf', 'utf8').catch(() => '')
    : main;
};
