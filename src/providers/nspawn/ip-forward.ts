import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, type NetworkLedger } from './ledger.js';
import { replaceFile } from '../../util/replace-file.js';

const SWITCH = '/proc/sys/net/ipv4/ip_forward';

/** Where the host's own setting is kept while labs need another: one for all labs. */
const before = (dataDir: string): string => join(dataDir, 'ip_forward.before');

/** Lets the host forward packets, and remembers that it did not. */
export const enableForwarding = async (dataDir: string): Promise<void> => {
  const value = (await readFile(SWITCH, 'utf8')).trim();
  if (value === '1') return;
  await replaceFile(before(dataDir), value);
  await writeFile(SWITCH, '1');
};

/** Whether the host forwards packets. */
export const isForwarding = async (): Promise<boolean> => (await readFile(SWITCH, 'utf8')).trim() === '1';

/** Network ledgers of the labs on this host, other than `lab`. */
export const otherNetworks = async (dataDir: string, lab: string): Promise<readonly NetworkLedger[]> => {
  const names = await readdir(join(dataDir, 'labs')).catch(() => []);
  const ledgers = names
    .filter((name) => name !== lab)
    .map((name) => readJson<NetworkLedger>(join(dataDir, 'labs', name, 'network.json')));
  return (await Promise.all(ledgers)).filter((ledger) => ledger !== undefined);
};

/** Puts the host's own setting back, unless a lab other than `lab` still needs forwarding. */
export const restoreForwarding = async (dataDir: string, lab: string): Promise<void> => {
  const value = await readFile(before(dataDir), 'utf8').catch(() => undefined);
  if (value === undefined || (await otherNetworks(dataDir, lab)).some(({ internet }) => internet)) return;
  await writeFile(SWITCH, value);
  await rm(before(dataDir), { force: true });
};
