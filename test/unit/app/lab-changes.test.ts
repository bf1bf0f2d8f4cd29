import { expect, it } from 'vitest';
import { saySizes } from '../../../src/app/lab-changes.js';
import { labOf, Stage } from '../../helpers/step-context.js';

it('says that an existing machine keeps its size, and nothing of a missing one', async () => {
  const said: string[] = [];
  const lab = { say: (line: string) => said.push(line), signal: new AbortController().signal };
  const { provider } = new Stage(['demo-node1']);
  const before = labOf('name: demo\nmachine: { cpus: 2, memory: 2GiB }\n');
  const after = labOf('name: demo\nmachine: { cpus: 4, memory: 2GiB }\n');
  await saySizes(before, { ...lab, provider, config: after });
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('node1 keeps its size (2 CPUs, 2048 MiB');
  expect(said[0]).toContain('kglab rebuild --node node1 -n demo');
  await saySizes(after, { ...lab, provider, config: after });
  expect(said).toHaveLength(1);
});
