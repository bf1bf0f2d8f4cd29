import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapPool } from '../../util/pool.js';
import { readJson, unlessDamaged, type NetworkRecord } from './records.js';
import { replaceFile } from '../../util/replace-file.js';

/** Files read in parallel. */
const LIMIT = 8;

const SWITCH = '/proc/sys/net/ipv4/ip_forward';

/** Holds the host's original setting while labs need forwarding; one file for all labs. */
const before = (dataDir: string): string => join(dataDir, 'ip_forward.before');

/** Enables forwarding on the host, and stores the original setting first. */
export const enableForwarding = async (dataDir: string): Promise<void> => {
  const value = (await readFile(SWITCH, 'utf8')).trim();
  if (value === '1') return;
  await replaceFile(before(dataDir), value);
  await writeFile(SWITCH, '1');
};

/** Whether the host forwards packets. */
export const isForwarding = async (): Promise<boolean> => (await readFile(SWITCH, 'utf8')).trim() === '1';

/** Network records of the labs on this host, other than `lab`; `damaged` for those that cannot be read. */
const networksOf = async (
  dataDir: string,
  lab: string,
): Promise<readonly (NetworkRecord | 'damaged' | undefined)[]> => {
  const names = (await readdir(join(dataDir, 'labs')).catch(() => [])).filter((name) => name !== lab);
  return mapPool(names, LIMIT, (name) =>
    readJson<NetworkRecord>(join(dataDir, 'labs', name, 'network.json')).catch(
      (error: unknown) => unlessDamaged(error) ?? ('damaged' as const),
    ),
  );
};

/** Network records of the labs on this host, other than `lab`, as far as they can be read. */
export const otherNetworks = async (dataDir: string, lab: string): Promise<readonly NetworkRecord[]> =>
  (await networksOf(dataDir, lab)).filter((record) => record !== undefined && record !== 'damaged');

/** A lab whose record is damaged may run and need the internet. */
const othersNeedInternet = async (dataDir: string, lab: string): Promise<boolean> =>
  (await networksOf(dataDir, lab)).some((record) => record === 'damaged' || record?.internet === true);

/** Restores the host's original setting, unless a lab other than `lab` needs forwarding. */
export const restoreForwarding = async (dataDir: string, lab: string): Promise<void> => {
  const value = await readFile(before(dataDir), 'utf8').catch(() => undefined);
  if (value === undefined || (await othersNeedInternet(dataDir, lab))) return;
  await writeFile(SWITCH, value);
  await rm(before(dataDir), { force: true });
};
