import { beforeAll, describe, expect, it } from 'vitest';
import { cmd, sh, type CommandResult } from '../../../src/exec/command.js';
import { writeFile } from '../../../src/guest/files.js';
import type { SimulatorProvider } from '../../../src/simulator/provider.js';
import { SimLab } from '../../helpers/sim-lab.js';
import { simMachine, simulator, specOf } from './sim-machine.js';

const UNIT = (role: string): string =>
  `[Service]\nExecStartPre=/usr/local/lib/guard\nExecStart=/usr/local/bin/k3s ${role}\n[Install]\nWantedBy=multi-user.target\n`;

/** A machine with k3s installed and its unit started. */
const node = async (
  provider: SimulatorProvider,
  name: string,
  role: 'server' | 'agent',
  config: string,
): Promise<{ run(...words: [string, ...string[]]): Promise<CommandResult>; active(): Promise<boolean> }> => {
  const machine = await simMachine(provider, name);
  const unit = role === 'server' ? 'k3s' : 'k3s-agent';
  const addresses = (await provider.list()).map((info) => `${info.address} ${info.name}`).join('\n');
  await writeFile(machine, '/etc/hosts', `${addresses}\n`, { mode: '0644' });
  await writeFile(machine, '/usr/local/lib/guard', '#!/bin/sh\ntest -e /root/allowed\n', { mode: '0755' });
  await writeFile(machine, '/usr/local/bin/k3s', 'program', { mode: '0755' });
  await writeFile(machine, '/etc/rancher/k3s/config.yaml', config, { mode: '0600' });
  await writeFile(machine, `/etc/systemd/system/${unit}.service`, UNIT(role), { mode: '0644' });
  const run = (...words: [string, ...string[]]): Promise<CommandResult> => machine.exec(cmd(...words));
  const active = async (): Promise<boolean> => {
    await provider.clock.sleep(60_000);
    return (await run('systemctl', 'is-active', '-q', unit)).exitCode === 0;
  };
  await run('touch', '/root/allowed');
  await run('systemctl', 'start', '--no-block', unit);
  return { run, active };
};

describe('a simulated k3s', () => {
  it('does not start while its guard fails, and starts by itself once the guard passes', async () => {
    const server = await node(simulator(), 'demo-one', 'server', 'token: t\n');
    await server.run('systemctl', 'stop', 'k3s');
    await server.run('rm', '/root/allowed');
    await server.run('systemctl', 'start', '--no-block', 'k3s');
    expect(await server.active()).toBe(false);
    expect((await server.run('systemctl', 'show', '-p', 'NRestarts', 'k3s')).stdout).toMatch(
      /^NRestarts=1\d$/m,
    );
    await server.run('touch', '/root/allowed');
    expect(await server.active()).toBe(true);
  });

  it('joins only with the right token and while the server runs', async () => {
    const provider = simulator();
    await provider.foundation.prepare();
    await provider.create(specOf('demo-two'));
    const join = 'server: https://demo-one:6443\n';
    const server = await node(provider, 'demo-one', 'server', 'token: right\n');
    const agent = await node(provider, 'demo-two', 'agent', `token: wrong\n${join}`);
    expect(await server.active()).toBe(true);
    expect(await agent.active()).toBe(false);
    await agent.run('sh', '-c', `printf 'token: right\\n${join.trim()}\\n' > /etc/rancher/k3s/config.yaml`);
    await server.run('systemctl', 'stop', 'k3s');
    expect(await agent.active()).toBe(false);
    await server.run('systemctl', 'start', 'k3s');
    expect(await agent.active()).toBe(true);
    const { stdout } = await server.run('k3s', 'kubectl', 'get', 'nodes', '-o', 'name');
    expect(stdout).toBe('node/demo-one\nnode/demo-two\n');
  });

  it('rejects a recreated machine until its node is deleted', async () => {
    const provider = simulator();
    await provider.foundation.prepare();
    await provider.create(specOf('demo-two'));
    const config = 'token: t\nserver: https://demo-one:6443\n';
    const server = await node(provider, 'demo-one', 'server', 'token: t\n');
    expect(await (await node(provider, 'demo-two', 'agent', config)).active()).toBe(true);
    await provider.remove('demo-two');
    await provider.create(specOf('demo-two'));
    const anew = await node(provider, 'demo-two', 'agent', config);
    expect(await anew.active()).toBe(false);
    expect((await anew.run('journalctl', '-u', 'k3s-agent')).stdout).toContain('Node password rejected');
    await server.run('k3s', 'kubectl', 'delete', 'node', 'demo-two');
    expect(await anew.active()).toBe(true);
  });
});

describe('a simulated lab', () => {
  const made = async (): Promise<SimLab> => {
    const lab = new SimLab('name: demo\nprovider: simulator\n');
    await lab.up();
    return lab;
  };
  const kubectl = (lab: SimLab, ...words: string[]) => lab.exec('node1', cmd('k3s', 'kubectl', ...words));
  const claim = `printf '%s\\n' 'apiVersion: v1' 'kind: PersistentVolumeClaim' 'metadata: {name: c}' 'spec: {storageClassName: local-path, accessModes: [ReadWriteMany], resources: {requests: {storage: 1Mi}}}' --- 'apiVersion: v1' 'kind: Pod' 'metadata: {name: p}' 'spec: {containers: [{name: p, image: x, command: [sh, -c, "echo hi > /data/f"], volumeMounts: [{name: d, mountPath: /data}]}], volumes: [{name: d, persistentVolumeClaim: {claimName: c}}]}' | k3s kubectl apply -f -`;
  const phase = async (lab: SimLab): Promise<string> => {
    await lab.wait(30_000);
    const { stdout } = await kubectl(lab, 'get', 'pod', 'p', '-o', 'json');
    return (JSON.parse(stdout) as { status: { phase: string } }).status.phase;
  };

  it('runs a pod with a claim and stores its file on the volume', async () => {
    const lab = await made();
    await lab.exec('node1', sh(claim));
    expect(await phase(lab)).toBe('Succeeded');
    for (const node of ['node1', 'node2', 'node3'])
      expect((await lab.exec(node, sh('cat /opt/local-path-provisioner/pvc-*_default_c/f'))).stdout).toBe(
        'hi\n',
      );
  });

  it('gives a claim without a class the default class', async () => {
    const lab = await made();
    await lab.exec('node1', sh(claim.replace('storageClassName: local-path, ', '')));
    expect(await phase(lab)).toBe('Succeeded');
    const { stdout } = await kubectl(lab, 'get', 'pvc', 'c', '-o', 'json');
    expect(stdout).toContain('"storageClassName":"local-path"');
  });

  it('creates the objects of a List', async () => {
    const lab = await made();
    const list = {
      kind: 'List',
      apiVersion: 'v1',
      items: ['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    };
    await lab.exec('node1', sh(`printf '%s' '${JSON.stringify(list)}' | k3s kubectl apply -f -`));
    expect((await kubectl(lab, 'get', 'ns', '-o', 'name')).stdout).toMatch(/namespace\/a\nnamespace\/b\n/);
  });

  it('enables quota and then has nothing left to do', async () => {
    const lab = new SimLab('name: demo\nprovider: simulator\ngluster: {quota: true}\n');
    await lab.up();
    const { stdout } = await lab.exec('node1', cmd('gluster', '--xml', 'volume', 'info'));
    expect(stdout).toMatch(/features\.quota<\/name>\s*<value>on/);
    expect((await lab.up()).changed).toBe(0);
  });

  it.each([
    ['its class was deleted', ['delete', 'sc', 'local-path']],
    [
      'its provisioner was deleted',
      ['delete', 'deployments', 'local-path-provisioner', '-n', 'local-path-storage'],
    ],
  ])('leaves a pod pending when %s', async (_what, words) => {
    const lab = await made();
    expect((await kubectl(lab, ...words)).exitCode).toBe(0);
    await lab.exec('node1', sh(claim));
    expect(await phase(lab)).toBe('Pending');
  });

  it('refuses writes at the mount point when the volume is not mounted', async () => {
    const lab = await made();
    await lab.exec('node2', cmd('systemctl', 'stop', String.raw`opt-local\x2dpath\x2dprovisioner.mount`));
    const { exitCode, stderr } = await lab.exec('node2', sh('echo x > /opt/local-path-provisioner/x'));
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('Operation not permitted');
  });

  it('lists pending heals of a node that was off during a write, and none after the heal', async () => {
    const lab = await made();
    const heal = async (): Promise<string> =>
      (await lab.exec('node1', cmd('gluster', '--mode=script', '--xml', 'volume', 'heal', 'gv0', 'info')))
        .stdout;
    expect(await heal()).not.toContain('<file>');
    await lab.exec('node3', cmd('systemctl', 'stop', 'glusterd'));
    await lab.exec('node1', sh('echo x > /opt/local-path-provisioner/x'));
    expect(await heal()).toContain('<file>/x</file>');
    await lab.exec('node3', cmd('systemctl', 'start', 'glusterd'));
    await lab.wait(20_000);
    expect(await heal()).not.toContain('<file>');
  });
});

describe('output of simulated programs for people', () => {
  const lab = new SimLab('name: demo\nprovider: simulator\n');
  const told = async (line: string): Promise<string> => (await lab.exec('node1', sh(line))).stdout;
  beforeAll(async () => {
    await lab.up();
  });

  it('has the format of gluster(8)', async () => {
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

  it('lists the nodes with their state', async () => {
    const nodes = await told('kubectl get nodes 2>/dev/null || k3s kubectl get nodes');
    expect(nodes).toMatch(/^NAME +STATUS +ROLES +VERSION *$/m);
    expect(nodes).toMatch(/^demo-node2 +Ready +/m);
  });
});
