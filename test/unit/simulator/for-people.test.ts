import { beforeAll, describe, expect, it } from 'vitest';
import { sh } from '../../../src/exec/command.js';
import { SimLab } from '../../helpers/sim-lab.js';

describe('what simulated programs print for people', () => {
  const lab = new SimLab('name: demo\nprovider: simulator\n');
  const told = async (line: string): Promise<string> => (await lab.exec('node1', sh(line))).stdout;
  beforeAll(async () => {
    await lab.up();
  });

  it('is the shape of gluster(8)', async () => {
    expect(await told('gluster peer status')).toMatch(
      /^Number of Peers: 2\n\nHostname: demo-node2\nUuid: \S+\nState: Peer in Cluster \(Connected\)\n/,
    );
    const info = await told('gluster volume info gv0');
    expect(info).toMatch(/^Volume Name: gv0\nType: Replicate\nVolume ID: \S+\nStatus: Started$/m);
    expect(info).toMatch(/^Number of Bricks: 1 x 3 = 3$/m);
    expect(info).toMatch(/^Brick2: demo-node2:\/data\/brick\/gv0$/m);
    expect(await told('gluster volume status gv0')).toMatch(
      /^Brick demo-node1:\/data\/brick\/gv0 +59947 +0 +Y +4242$/m,
    );
    expect(await told('gluster volume list')).toBe('gv0\n');
    expect(await told('gluster volume heal gv0 info')).toMatch(/^Number of entries: 0$/m);
  });

  it('has the nodes with their state', async () => {
    const nodes = await told('kubectl get nodes 2>/dev/null || k3s kubectl get nodes');
    expect(nodes).toMatch(/^NAME +STATUS +ROLES +VERSION *$/m);
    expect(nodes).toMatch(/^demo-node2 +Ready +/m);
  });
});
