import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { bridgeName, groupName, tableName, vethName } from '../../../src/providers/nspawn/names.js';
import { NspawnProvider } from '../../../src/providers/nspawn/provider.js';
import type { LabRecord } from '../../../src/lab/lab-store.js';
import { systemClock } from '../../../src/util/clock.js';
import { hostLeft, type HostState } from './host-state.js';
import type { TestLab } from './kglab.js';

const host = new HostExecutor();

/** Path of the lab's record. */
export const stateDir = (lab: TestLab): string => join(lab.dir, 'state', 'kglab', 'labs', lab.name);

/** The lab's record. */
export const recordOf = async (lab: TestLab): Promise<LabRecord> =>
  JSON.parse(await readFile(join(stateDir(lab), 'lab.json'), 'utf8')) as LabRecord;

/** The lab's provider, to change machines without kglab. */
export const providerOf = async (lab: TestLab): Promise<NspawnProvider> => {
  const { name, id, config } = await recordOf(lab);
  return new NspawnProvider({
    ...{ lab: { name, id }, host, clock: systemClock, image: config.image, network: config.network },
    dataDir: join(lab.dir, 'machines', 'nspawn'),
    cacheDir: join(lab.env['XDG_CACHE_HOME'] ?? '', 'kglab', 'images'),
    machines: config.nodes.map(({ machine }) => machine),
  });
};

/** Everything of the lab with this id that is on the host. */
export const tracesOnHost = (lab: TestLab, id: string): Promise<HostState> => {
  const ref = { name: lab.name, id };
  const veths = ['node1', 'node2', 'node3'].map((node) => vethName(ref, lab.machine(node)));
  return hostLeft(host, [lab.name, lab.dir, bridgeName(ref), tableName(ref), ...veths]);
};

/** The lab's folders that are not empty. */
export const filesOf = async (lab: TestLab): Promise<readonly string[]> => {
  const entries = await Promise.all(
    ['state', 'machines'].map(async (folder) =>
      (await readdir(join(lab.dir, folder), { recursive: true }).catch(() => [])).map(
        (name) => `${folder}/${name}`,
      ),
    ),
  );
  return entries.flat();
};

/** Freezes all processes of a machine, so that nothing in it answers; needs cgroup v1 on the host. */
export const freeze = async (lab: TestLab, id: string, node: string): Promise<void> => {
  const group = groupName({ name: lab.name, id }, lab.machine(node));
  await writeFile(join('/sys/fs/cgroup/freezer', group, 'freezer.state'), 'FROZEN').catch(() => undefined);
};
