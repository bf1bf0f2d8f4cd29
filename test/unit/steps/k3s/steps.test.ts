import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CliError } from '../../../../src/errors/cli-error.js';
import { loggedExecutor } from '../../../../src/exec/logged-executor.js';
import type { NodeSpec } from '../../../../src/steps/k3s/config.js';
import { openRunLog } from '../../../../src/report/run-log.js';
import { configureK3s, renderK3sConfig, renderK3sUnit } from '../../../../src/steps/k3s/config.js';
import { installK3s } from '../../../../src/steps/k3s/install.js';
import { fetchKubeconfig } from '../../../../src/steps/k3s/kubeconfig.js';
import { waitUntilReady } from '../../../../src/steps/k3s/ready.js';
import { startK3s } from '../../../../src/steps/k3s/service.js';
import { sha256 } from '../../../../src/util/checksum.js';
import { wordsOf } from '../../../helpers/scripted-executor.js';
import { failureOf, reads, Stage, TOKEN, WRITES } from '../../../helpers/step-context.js';

const NODE: NodeSpec = {
  machine: 'g1',
  role: 'server',
  server: 'g1',
  disable: [],
  extraConfig: {},
  mounts: ['/opt/local-path-provisioner'],
};
const FACTS = { address: '10.77.0.11', iface: 'host0', cgroupV1: true };
const CONFIG = '/etc/rancher/k3s/config.yaml';
const UNIT = '/etc/systemd/system/k3s.service';
const LOOK = /^sh node_facts /;
const input = { node: NODE };
const node = { machine: 'g1', role: 'server' } as const;

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
});

const texts = () => ({
  config: renderK3sConfig(NODE, FACTS, TOKEN, 'v1.36.2+k3s1'),
  unit: renderK3sUnit(stage.context().templates['k3s.service'] ?? '', NODE),
});
const looks = (...sums: string[]): string => ['iface host0', 'cgroup v1', ...sums, ''].join('\n');

describe('config', () => {
  const able = (): void => {
    stage
      .on('g1')
      .on(LOOK, looks())
      .on(WRITES)
      .on('sh request_restart')
      .on(/daemon-reload/);
  };

  it('compares files by checksum and never reads the token back', async () => {
    const { config, unit } = texts();
    stage.on('g1').on(LOOK, looks(`${sha256(config)}  ${CONFIG}`, `${sha256(unit)}  ${UNIT}`));
    expect(await configureK3s.probe(input, stage.context())).toEqual({ state: 'satisfied' });
    stage.on('g1').on(LOOK, looks(`${sha256(config)}  ${CONFIG}`));
    expect(await configureK3s.probe(input, stage.context())).toMatchObject({
      because: expect.stringContaining('unit') as string,
    });
    stage.on('g1').on(LOOK, looks(`${sha256(unit)}  ${UNIT}`));
    expect(await configureK3s.probe(input, stage.context())).toMatchObject({
      because: expect.stringContaining('config.yaml') as string,
    });
    expect(stage.ran('g1').some((words) => words.startsWith('sh read_file'))).toBe(false);
  });

  it('requests a restart before it changes a file, even while k3s is starting', async () => {
    able();
    await configureK3s.apply(input, stage.context());
    const ran = stage.ran('g1');
    const note = ran.indexOf('sh request_restart');
    const write = ran.findIndex((words) => WRITES.test(words));
    expect(note).toBeGreaterThan(0);
    expect(write).toBeGreaterThan(note);
    expect(stage.written('g1', UNIT)).toBe(texts().unit);
  });

  it('writes the token by standard input with mode 0600', async () => {
    able();
    await configureK3s.apply(input, stage.context());
    expect(stage.written('g1', CONFIG)).toBe(texts().config);
    const write = stage.calls.find(({ command }) => command.args[3] === CONFIG);
    expect(write?.command.args[4]).toBe('0600');
    for (const { command } of stage.calls) expect(wordsOf(command)).not.toContain(TOKEN);
  });

  it('throws MACHINE_UNREACHABLE when no interface has the address of the machine', async () => {
    stage.on('g1').on(LOOK, 'cgroup v2\n');
    const error = await failureOf(configureK3s.probe(input, stage.context()));
    expect(error).toMatchObject({
      code: 'MACHINE_UNREACHABLE',
      message: expect.stringContaining('10.77.0.11') as string,
    });
  });
});

describe('install', () => {
  const able = (): void => {
    stage
      .on('g1')
      .on('sh begin_install')
      .on(WRITES)
      .on(/^sh check_sum /)
      .on(/^ln -sfn/);
  };

  it('copies and verifies every file, and writes the stamp last', async () => {
    able();
    stage.on('g1').on(reads('/etc/kglab/k3s.installed'), { exitCode: 44 });
    expect(await installK3s.probe({ machine: 'g1' }, stage.context())).toMatchObject({
      because: 'k3s is not installed',
    });
    await installK3s.apply({ machine: 'g1' }, stage.context());
    const copied = stage.calls.filter(({ command }) => command.stdinFile !== undefined);
    expect(copied.map(({ command }) => [command.stdinFile, command.args[3], command.args[4]])).toEqual([
      ['/cache/k3s', '/usr/local/bin/k3s', '0755'],
      ['/cache/images.tar.zst', '/var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst', '0644'],
    ]);
    expect(stage.ran('g1').filter((words) => words.startsWith('sh check_sum '))).toHaveLength(2);
    expect(stage.calls.at(-1)?.command.args[3]).toBe('/etc/kglab/k3s.installed');
    const stamp = stage.written('g1', '/etc/kglab/k3s.installed') ?? '';
    stage.on('g1').on(reads('/etc/kglab/k3s.installed'), stamp);
    expect(await installK3s.probe({ machine: 'g1' }, stage.context())).toEqual({ state: 'satisfied' });
    const other = stage.context({ artifacts: { ...stage.context().artifacts, version: 'v1.35.0+k3s1' } });
    expect(await installK3s.probe({ machine: 'g1' }, other)).toMatchObject({
      because: 'another release is installed',
    });
  });

  it('requests a restart before it copies a file', async () => {
    able();
    await installK3s.apply({ machine: 'g1' }, stage.context());
    expect(stage.ran('g1')[0]).toBe('sh begin_install');
  });

  it('starts no more copies after one has failed, and waits for those under way', async () => {
    able();
    const { artifacts } = stage.context();
    const extraImages = ['a', 'b', 'c', 'd'].map((name) => ({
      ...{ fileName: `${name}.tar`, path: `/cache/${name}.tar`, refs: [] },
    }));
    let underWay = 0;
    const count = (exitCode: number) => async () => {
      underWay += 1;
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return { exitCode };
    };
    stage
      .on('g1')
      .on(WRITES, count(0))
      .on(/^sh write_file \/usr\/local\/bin\/k3s /, count(28));
    const context = stage.context({ artifacts: { ...artifacts, extraImages } });
    const error = await failureOf(installK3s.apply({ machine: 'g1' }, context));
    expect(error).toMatchObject({ code: 'MACHINE_FAILED' });
    expect(underWay).toBe(0);
    expect(stage.calls.filter(({ command }) => command.stdinFile !== undefined)).toHaveLength(2);
  });

  it('writes no stamp when a copy is damaged', async () => {
    able();
    stage
      .on('g1')
      .on(/^sh check_sum .*bin\/k3s$/, { exitCode: 1, stderr: 'computed checksum did NOT match' });
    const error = await failureOf(installK3s.apply({ machine: 'g1' }, stage.context()));
    expect(error).toMatchObject({ code: 'ARTIFACT_CHECKSUM', exitCode: 26 });
    expect(stage.written('g1', '/etc/kglab/k3s.installed')).toBeUndefined();
  });
});

describe('service', () => {
  const SHOW = /^sh show_k3s /;
  const START = /^sh start_k3s /;
  const JOURNAL = 'journalctl -u k3s -n 25 --no-pager -o cat';
  const shown = (active: string, restarts = 0, more = ''): string =>
    `ActiveState=${active}\nUnitFileState=enabled\nNRestarts=${restarts}\n${more}`;
  const apply = async (ms: number): Promise<CliError | undefined> => {
    const ended = startK3s.apply(node, stage.context()).then(
      () => undefined,
      (error: unknown) => error as CliError,
    );
    await stage.clock.advance(ms);
    return ended;
  };

  it.each([
    [shown('active'), undefined],
    [shown('active', 3), undefined],
    [shown('active', 0, 'restart\n'), 'restart needed: configuration changed'],
    [shown('inactive', 0, 'restart\n'), 'k3s does not run'],
    [shown('activating'), 'k3s does not run'],
    [shown('active').replace('enabled', 'disabled'), 'k3s does not start at boot'],
  ])('%j: %s', async (state, because) => {
    stage.on('g1').on(SHOW, state);
    const found = await startK3s.probe(node, stage.context());
    expect(found).toEqual(because === undefined ? { state: 'satisfied' } : { state: 'pending', because });
  });

  it('succeeds when systemd starts it at a later try, however often it failed before', async () => {
    stage
      .on('g1')
      .on(START, { exitCode: 1 })
      .on(SHOW, shown('activating', 50), shown('activating', 51), shown('active', 51));
    expect(await apply(10_000)).toBeUndefined();
    expect(stage.ran('g1').filter((words) => SHOW.test(words))).toHaveLength(3);
  });

  it('succeeds for an agent that started and ended again, which later steps handle', async () => {
    const since = (time: string): string =>
      shown('activating', 3, `ExecMainStartTimestamp=Fri 2026-11-20 ${time} UTC\n`);
    stage.on('g2').on(START, { exitCode: 1 });
    stage.on('g2').on(SHOW, since('10:00:00'), since('10:00:00'), since('10:00:05'));
    const applied = startK3s.apply({ machine: 'g2', role: 'agent' }, stage.context());
    await stage.clock.advance(3000);
    await applied;
    expect(stage.ran('g2').filter((words) => SHOW.test(words))).toHaveLength(3);
  });

  it('throws K3S_NOT_STARTED with the journal, without the token, when k3s keeps failing', async () => {
    stage
      .on('g1')
      .on(START, { exitCode: 1 })
      .on(SHOW, shown('inactive'), shown('activating', 1), shown('activating', 9));
    stage.on('g1').on(JOURNAL, `level=fatal msg="starting kubernetes: bad token ${TOKEN}"\n`);
    const error = await apply(2000);
    expect(error).toMatchObject({
      code: 'K3S_NOT_STARTED',
      exitCode: 51,
      message: 'k3s (server) does not start on g1. The end of the journal of k3s:',
    });
    expect(error?.details).toEqual(['level=fatal msg="starting kubernetes: bad token ***"']);
    expect(error?.hint).toContain('kglab exec g1 -- journalctl -u k3s');
  });

  it('says in the hint what to do about a rejected node password', async () => {
    stage
      .on('g1')
      .on(START, { exitCode: 1 })
      .on(SHOW, shown('inactive'), shown('activating', 1), shown('activating', 9));
    stage
      .on('g1')
      .on(
        JOURNAL,
        'Node password rejected, duplicate hostname or contents of "/etc/rancher/node/password"\n',
      );
    const error = await apply(2000);
    expect(error?.hint).toContain('kglab kubectl -- delete node g1 && kglab up');
  });

  it('throws K3S_NOT_STARTED after a timeout', async () => {
    stage.on('g1').on(START, { exitCode: 1 }).on(SHOW, shown('activating')).on(JOURNAL, 'waiting\n');
    expect(await apply(301_000)).toMatchObject({ code: 'K3S_NOT_STARTED' });
  });
});

describe('ready', () => {
  const GET = /^k3s kubectl get nodes .*-o json$/;
  const nodes = (address: string, status = 'True'): string =>
    JSON.stringify({
      items: [
        {
          kind: 'Node',
          metadata: { name: 'g2' },
          status: {
            conditions: [
              {
                type: 'Ready',
                status,
                message: 'container runtime network not ready',
                lastHeartbeatTime: '2026-11-20T10:00:05Z',
              },
            ],
            addresses: [{ type: 'InternalIP', address }],
          },
        },
      ],
    });
  const g2 = { machine: 'g2', server: 'g1' };
  const JOURNAL = /^journalctl -u k3s-agent/;
  const SHOW = /^sh show_k3s /;
  const startedAt = (time: string): string =>
    `ActiveState=active\nUnitFileState=enabled\nNRestarts=0\nExecMainStartTimestamp=Fri 2026-11-20 ${time} UTC\n`;
  beforeEach(() => {
    stage.on('g2').on(SHOW, startedAt('10:00:05')).on(JOURNAL, 'waiting for the server\n');
  });

  it.each([
    [nodes('10.77.0.12'), undefined],
    [nodes('10.77.0.12', 'False'), 'the node is not Ready: container runtime network not ready'],
    [nodes('10.77.0.99'), 'the node reports address 10.77.0.99, the machine has 10.77.0.12'],
    ['{"items": []}', 'the node has not joined'],
    ['', 'the node has not joined'],
  ])('%s: %s', async (json, because) => {
    stage.on('g1').on(GET, json);
    const found = await waitUntilReady.probe(g2, stage.context());
    expect(found).toEqual(because === undefined ? { state: 'satisfied' } : { state: 'pending', because });
  });

  it('ignores reports from before k3s was started', async () => {
    const asked = stage.on('g1').on(GET, nodes('10.77.0.12'));
    stage.on('g2').on(SHOW, startedAt('10:00:06'));
    expect(await waitUntilReady.probe(g2, stage.context())).toEqual({
      state: 'pending',
      because: 'the node has not reported since k3s was started',
    });
    let ended = false;
    const applied = waitUntilReady.apply(g2, stage.context()).then(() => (ended = true));
    await stage.clock.advance(5_000);
    expect(ended).toBe(false);
    asked.on(GET, nodes('10.77.0.12').replace('10:00:05', '10:00:09'));
    await stage.clock.advance(5_000);
    expect(await applied).toBe(true);
  });

  it('deletes the password of a rejected agent once, and keeps its node', async () => {
    const asked = stage
      .on('g1')
      .on(GET, nodes('10.77.0.12'))
      .on(/kubectl .*delete/);
    stage.on('g2').on(SHOW, startedAt('10:00:06'));
    stage.on('g2').on(JOURNAL, 'Failed to retrieve agent configuration: Node password rejected\n');
    const applied = waitUntilReady.apply(g2, stage.context());
    await stage.clock.advance(20_000);
    expect(stage.ran('g1').filter((words) => words.includes('delete'))).toEqual([
      'k3s kubectl -n kube-system delete secret g2.node-password.k3s --ignore-not-found',
    ]);
    asked.on(GET, nodes('10.77.0.12').replace('10:00:05', '10:00:30'));
    await stage.clock.advance(5_000);
    await applied;
  });

  it('does not delete the password of an agent that only waits', async () => {
    stage.on('g1').on(GET, '{"items": []}');
    const failure = failureOf(waitUntilReady.apply(g2, stage.context()));
    await stage.clock.advance(181_000);
    expect(await failure).toMatchObject({ code: 'K3S_NOT_STARTED' });
    expect(stage.ran('g1').join()).not.toContain('delete');
  });

  it('throws after the timeout and says what was missing', async () => {
    stage.on('g1').on(GET, nodes('10.77.0.12', 'Unknown'));
    const failure = failureOf(waitUntilReady.apply(g2, stage.context()));
    await stage.clock.advance(181_000);
    const error = (await failure) as CliError;
    expect(error).toMatchObject({ code: 'K3S_NODE_NOT_READY', exitCode: 52 });
    expect(error.message).toContain('container runtime network not ready');
  });
});

describe('kubeconfig', () => {
  const YAML = `apiVersion: v1
clusters: [{ name: default, cluster: { server: 'https://127.0.0.1:6443' } }]
contexts: [{ name: default, context: { cluster: default, user: default } }]
users: [{ name: default, user: { client-key-data: U0VDUkVUIEtFWQ== } }]
current-context: default
`;
  const server = { server: 'g1' };

  it('is written once, and again when the address or the cluster changes', async () => {
    stage.on('g1').on('cat /etc/rancher/k3s/k3s.yaml', YAML);
    expect(await fetchKubeconfig.probe(server, stage.context())).toMatchObject({
      because: 'this host has no kubeconfig of the lab yet',
    });
    await fetchKubeconfig.apply(server, stage.context());
    expect(stage.files.texts.get(stage.files.kubeconfig)).toContain('https://10.77.0.11:6443');
    expect(await fetchKubeconfig.probe(server, stage.context())).toEqual({ state: 'satisfied' });
    stage.provider.infos = [{ name: 'g1', state: 'running', address: '10.77.0.50' }];
    const another = { state: 'pending', because: 'the kubeconfig is for another cluster or address' };
    expect(await fetchKubeconfig.probe(server, stage.context())).toEqual(another);
    await fetchKubeconfig.apply(server, stage.context());
    expect(await fetchKubeconfig.probe(server, stage.context())).toEqual({ state: 'satisfied' });
    stage.on('g1').on('cat /etc/rancher/k3s/k3s.yaml', YAML.replace('U0VDUkVUIEtFWQ==', 'QU5PVEhFUiBLRVk='));
    expect(await fetchKubeconfig.probe(server, stage.context())).toEqual(another);
  });

  it('shows no part of the key when reading fails', async () => {
    stage.on('g1').on('cat /etc/rancher/k3s/k3s.yaml', { exitCode: 1, stdout: YAML });
    stage.files.texts.set(stage.files.kubeconfig, 'old');
    const error = (await failureOf(fetchKubeconfig.probe(server, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'K3S_FAILED' });
    expect(JSON.stringify([error.message, error.details, error.hint])).not.toContain('U0VDUkVUIEtFWQ');
  });
});

describe('secrets', () => {
  it('the debug log contains neither the token nor the key of the kubeconfig', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kglab-secrets-'));
    const log = openRunLog({ directory: dir, name: 'up-demo' });
    stage
      .on('g1')
      .on(LOOK, looks())
      .on(WRITES)
      .on('sh request_restart')
      .on(/daemon-reload/);
    stage
      .on('g1')
      .on(
        'cat /etc/rancher/k3s/k3s.yaml',
        `clusters: [{ name: default }]\ncontexts: [{ name: default }]\nusers: [{ name: default, user: { client-key-data: U0VDUkVUIEtFWQ== } }]\n`,
      );
    stage
      .on('g1')
      .on(/^sh start_k3s /, { exitCode: 1 })
      .on(/^sh show_k3s /, '', 'ActiveState=failed\nNRestarts=0\n', 'ActiveState=failed\nNRestarts=9\n');
    stage.on('g1').on(/^journalctl/, `bad token ${TOKEN}\n`);
    const context = stage.context({
      machine: (name) => ({ name, ...loggedExecutor(stage.on(name), log, name) }),
    });
    await configureK3s.apply(input, context);
    await fetchKubeconfig.apply({ server: 'g1' }, context);
    const failing = failureOf(startK3s.apply(node, context));
    await stage.clock.advance(2000);
    await failing;
    await log.close();
    const text = readFileSync(log.path, 'utf8');
    rmSync(dir, { recursive: true });
    expect(text).toContain('cat /etc/rancher/k3s/k3s.yaml');
    expect(text).toContain('bad token ***');
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('U0VDUkVUIEtFWQ');
  });
});
