import { expect, it } from 'vitest';
import { cmd, sh } from '../../../src/exec/command.js';
import { SimLab } from '../../helpers/sim-lab.js';

const LAB = 'name: demo\nprovider: simulator\n';

it('has no pending steps for a healthy lab', async () => {
  const lab = new SimLab(LAB);
  await lab.up();
  expect((await lab.status()).pending).toEqual([]);
});

it('lists the pending steps of one machine when probing another fails', async () => {
  const lab = new SimLab(LAB);
  await lab.up();
  await lab.exec('node2', cmd('systemctl', 'stop', 'glusterd'));
  const marked = await lab.exec('node3', sh('printf "%s" "$1" > /etc/kglab/machine', 'somebody else'));
  expect(marked.exitCode).toBe(0);
  const { pending } = await lab.status();
  expect(pending.map(({ id }) => id)).toEqual(['machines.ready:demo-node3', 'gluster.service:demo-node2']);
});
