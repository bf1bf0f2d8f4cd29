import { beforeAll, describe, expect, it } from 'vitest';
import { cmd, sh } from '../../src/exec/command.js';
import { SimLab, type Snapshot } from '../helpers/sim-lab.js';

const LAB = `
name: demo
provider: simulator
gluster: { options: { auth.allow: "*" } }
storage: { classes: [{ name: local-path, default: true }, { name: own, mode: dedicated }] }
`;
const CLAIM = `printf '%s\\n' 'apiVersion: v1' 'kind: PersistentVolumeClaim' 'metadata: {name: c}' 'spec: {storageClassName: own, accessModes: [ReadWriteMany], resources: {requests: {storage: 1Mi}}}' --- 'apiVersion: v1' 'kind: Pod' 'metadata: {name: p}' 'spec: {containers: [{name: p, image: x, command: [sh, -c, "echo hi > /data/f"], volumeMounts: [{name: d, mountPath: /data}]}], volumes: [{name: d, persistentVolumeClaim: {claimName: c}}]}' | k3s kubectl apply -f -`;
const CLAIMS = '/opt/local-path-provisioner.claims';
const KGLAB = '/opt/local-path-provisioner/.kglab';

describe('the keepers of a simulated lab with a dedicated class', () => {
  let made: Snapshot;
  const fresh = (): SimLab => new SimLab(LAB).restore(made);
  const told = async (lab: SimLab, node: string, script: string): Promise<string> =>
    (await lab.exec(node, sh(script))).stdout;
  const volume = async (lab: SimLab): Promise<string> =>
    (await told(lab, 'node2', 'gluster volume list')).split('\n').find((name) => name.startsWith('pvc-')) ??
    '';
  const hasFile = (lab: SimLab, node: string): Promise<string> =>
    told(lab, node, `cat ${CLAIMS}/*_default_c/f`);

  beforeAll(async () => {
    const lab = new SimLab(LAB);
    expect((await lab.up()).error).toBeUndefined();
    made = lab.snapshot();
  });

  it('create a volume for a claim, mount it on every node, write its entry, and keep its data when the claim is deleted', async () => {
    const lab = fresh();
    await lab.exec('node1', sh(CLAIM));
    await lab.wait(20_000);
    for (const node of ['node1', 'node2', 'node3']) expect(await hasFile(lab, node)).toBe('hi\n');
    expect(await told(lab, 'node3', `cat ${KGLAB}/catalogue/*.json`)).toContain('"claim":"c"');
    await lab.exec('node1', sh('k3s kubectl delete pod p && k3s kubectl delete pvc c'));
    await lab.wait(30_000);
    expect(await told(lab, 'node1', `ls ${CLAIMS}; ls ${KGLAB}/volumes ${KGLAB}/requests`)).toBe('');
    expect(await told(lab, 'node1', `gluster volume info ${await volume(lab)}`)).toContain('Status: Stopped');
    expect((await lab.up()).changed).toBe(0);
    expect((await lab.down()).error).toBeUndefined();
    expect(lab.remains).toEqual([]);
  });

  it('set the options of the lab file on a volume, including one whose value is a glob pattern', async () => {
    const lab = fresh();
    await lab.exec('node1', sh(CLAIM));
    await lab.wait(20_000);
    expect(await told(lab, 'node1', `gluster volume info ${await volume(lab)}`)).toMatch(
      /^auth\.allow: \*$/m,
    );
  });

  it.each([
    ['create', 'Another transaction is in progress for x. Please try again after some time.'],
    ['set', 'Locking failed on demo-node2. Please check log file for details.'],
    ['start', 'Another transaction is in progress for x. Please try again after some time.'],
  ])('create the volume of a claim although gluster volume %s fails once', async (verb, answer) => {
    const lab = fresh();
    let failures = 0;
    lab.programs = (_machine, argv) =>
      argv[0] === 'gluster' &&
      argv[3] === verb &&
      argv.some((word) => word.startsWith('pvc-')) &&
      failures++ === 0
        ? answer
        : undefined;
    await lab.exec('node1', sh(CLAIM));
    await lab.wait(30_000);
    expect(failures).toBeGreaterThan(1);
    expect(await hasFile(lab, 'node2')).toBe('hi\n');
  });

  it('report the error of gluster as an event of the claim, and create the volume later', async () => {
    const lab = fresh();
    lab.programs = (_machine, argv) =>
      argv[0] === 'gluster' && argv[3] === 'create' ? 'volume create: x: failed: no room' : undefined;
    await lab.exec('node1', sh(CLAIM));
    await lab.wait(20_000);
    expect(await told(lab, 'node1', 'k3s kubectl get events')).toContain('failed: no room');
    lab.programs = undefined;
    await lab.wait(30_000);
    expect(await hasFile(lab, 'node3')).toBe('hi\n');
  });

  it('handle requests on the second storage machine while the first is off', async () => {
    const lab = fresh();
    const request = `mkdir -p ${KGLAB}/requests && echo 1048576 >${KGLAB}/requests/create.pvc-1_default_c`;
    await lab.power('node1', false);
    await lab.exec('node2', sh(request));
    await lab.wait(4_000);
    expect(await told(lab, 'node2', `ls ${KGLAB}/requests`)).not.toBe('');
    // The volume needs a brick on the machine that is off.
    await lab.wait(20_000);
    expect(await told(lab, 'node2', `ls ${KGLAB}/requests`)).toBe('create.pvc-1_default_c.failed\n');
    expect(await told(lab, 'node2', 'journalctl -u kglab-keeper')).toContain('Host demo-node1 not connected');
    await lab.power('node1', true);
    await lab.wait(60_000);
    await lab.exec('node2', cmd('rm', '-f', `${KGLAB}/requests/create.pvc-1_default_c.failed`));
    await lab.exec('node2', sh(request));
    await lab.wait(20_000);
    expect(await told(lab, 'node3', `ls ${KGLAB}/requests ${KGLAB}/volumes`)).toBe('pvc-1_default_c\n');
  });

  it('mount a claim as soon as mounting works again', async () => {
    const lab = fresh();
    lab.programs = ({ spec }, argv) =>
      spec.name === 'demo-node3' && argv[0] === 'mount' && argv[1] === '-t' ? 'Mount failed.' : undefined;
    await lab.exec('node1', sh(CLAIM));
    await lab.wait(30_000);
    expect(await hasFile(lab, 'node2')).toBe('hi\n');
    expect(await told(lab, 'node3', `ls ${CLAIMS}`)).toBe('');
    expect(await told(lab, 'node3', 'journalctl -u kglab-keeper')).toMatch(/_default_c cannot be mounted/);
    lab.programs = undefined;
    await lab.wait(30_000);
    expect(await hasFile(lab, 'node3')).toBe('hi\n');
  });

  it('mount the volumes of claims again after a machine was off', async () => {
    const lab = fresh();
    await lab.exec('node1', sh(CLAIM));
    await lab.wait(20_000);
    await lab.power('node3', false);
    await lab.wait(60_000);
    await lab.power('node3', true);
    await lab.wait(60_000);
    expect(await hasFile(lab, 'node3')).toBe('hi\n');
  });
});
