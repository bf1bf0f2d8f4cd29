import { beforeEach, describe, expect, it } from 'vitest';
import { cmd, sh } from '../../../src/exec/command.js';
import { SimLab } from '../../helpers/sim-lab.js';

const LAB = 'name: demo\nprovider: simulator\n';
const BRICK = '/data/brick/gv0';
const MOUNT = '/opt/local-path-provisioner';
const MARK = 'trusted.glusterfs.volume-id';

describe('a simulated brick that lost its content', () => {
  let lab: SimLab;
  const run = (node: string, script: string) => lab.exec(node, sh(script));
  const onBrick = async () => (await run('node2', `cat ${BRICK}/file`)).stdout;

  beforeEach(async () => {
    lab = new SimLab(LAB);
    await lab.up();
    await run('node1', `echo gold > ${MOUNT}/file`);
    expect(await onBrick()).toBe('gold\n');
  });

  const emptyIt = () =>
    run(
      'node2',
      `systemctl stop glusterd; rm -rf ${BRICK}; mkdir -p ${BRICK}; setfattr -n ${MARK} -v "0x$1" ${BRICK}`.replace(
        '$1',
        Object.keys(lab.world?.volumes ?? {})[0]?.replaceAll('-', '') ?? '',
      ),
    );

  it('is served empty, without pending heals, once it has its volume id again', async () => {
    await emptyIt();
    await run('node2', 'systemctl start glusterd');
    await lab.exec('node1', cmd('gluster', '--mode=script', 'volume', 'heal', 'gv0', 'full'));
    await lab.wait(60_000);
    expect(await onBrick()).toBe('');
    expect((await run('node2', `ls ${MOUNT}; cat ${MOUNT}/file`)).stdout).not.toMatch(/^file$/m);
    expect((await run('node1', `cat ${MOUNT}/file`)).stdout).toBe('gold\n');
  });

  it('is healed after reset-brick', async () => {
    await emptyIt();
    await run('node2', 'systemctl start glusterd');
    await lab.wait(5_000);
    const reset = ['--mode=script', 'volume', 'reset-brick', 'gv0', `demo-node2:${BRICK}`];
    await lab.exec('node1', cmd('gluster', ...reset, 'start'));
    await lab.exec('node1', cmd('gluster', ...reset, `demo-node2:${BRICK}`, 'commit', 'force'));
    await lab.wait(60_000);
    expect(await onBrick()).toBe('gold\n');
  });

  it('is refused, but gets the volume id, when glusterd learnt of the volume without its directory', async () => {
    await run('node2', `systemctl stop glusterd; rm -rf ${BRICK}`);
    await run('node2', `systemctl start glusterd; mkdir -p ${BRICK}`);
    await lab.wait(5_000);
    const place = `demo-node2:${BRICK}`;
    const reset = ['--mode=script', '--xml', 'volume', 'reset-brick', 'gv0', place, place, 'commit', 'force'];
    expect((await lab.exec('node1', cmd('gluster', ...reset))).stdout).toContain('destination brick is new');
    expect(
      (await run('node2', `getfattr --absolute-names -n ${MARK} -e hex --only-values ${BRICK}`)).exitCode,
    ).toBe(0);
    await run('node2', 'systemctl restart glusterd');
    expect((await lab.exec('node1', cmd('gluster', ...reset))).stdout).not.toContain('is new');
  });
});
