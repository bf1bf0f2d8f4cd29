import type { LabRef } from '../../machines/provider.js';
import { sha256 } from '../../util/checksum.js';

/** The first `length` hex digits of a text's SHA-256. */
export const shortHash = (text: string, length: number): string => sha256(text).slice(0, length);

const slug = (name: string, length: number): string =>
  name
    .replaceAll(/[^a-z0-9]/gi, '')
    .slice(0, length)
    .toLowerCase();

/** Longest name of a network interface (IFNAMSIZ without its final zero). */
export const INTERFACE_MAX = 15;

/** Prefix of systemd-nspawn for a machine's interface on the host. */
const VETH_PREFIX = 'vb-';

/** The lab's bridge, at most 15 characters: `kg-demo-1f3a9c`. */
export const bridgeName = ({ name, id }: LabRef): string =>
  `kg-${slug(name, 5)}-${shortHash(`${name} ${id}`, 6)}`;

/** The alias of the lab's bridge and the comment of its rules, which show that they are this lab's. */
export const ownerMark = ({ id }: LabRef): string => `kglab:${id}`;

/** The bridge's MAC address. Fixed, because otherwise it changes with every machine that starts or stops. */
export const bridgeMac = ({ name, id }: LabRef): string =>
  ['02', ...(shortHash(`${name} ${id}`, 10).match(/../g) ?? [])].join(':');

/** The lab's nftables table. */
export const tableName = ({ name, id }: LabRef): string =>
  `kglab_${slug(name, 20)}_${shortHash(`${name} ${id}`, 6)}`;

/** The machine's name for systemd-nspawn: at most 12 characters, so that its interface's name is not cut. */
export const nspawnName = ({ name: lab, id }: LabRef, machine: string): string => {
  const node = machine.startsWith(`${lab}-`) ? machine.slice(lab.length + 1) : machine;
  return `${slug(node, 6)}${shortHash(`${machine} ${id}`, INTERFACE_MAX - VETH_PREFIX.length - 6)}`;
};

/** The machine's interface on the host. */
export const vethName = (lab: LabRef, machine: string): string => `${VETH_PREFIX}${nspawnName(lab, machine)}`;

/** The machine's control group, and its unit on hosts with systemd. */
export const groupName = ({ id }: LabRef, machine: string): string =>
  `kglab-${machine}-${shortHash(`${machine} ${id}`, 8)}`;

/** The machine's /etc/machine-id: unique, and the same when the machine is rebuilt. */
export const machineId = ({ id }: LabRef, machine: string): string =>
  shortHash(`machine-id ${id} ${machine}`, 32);
