import { beforeEach, describe, expect, it } from 'vitest';
import { forgetMachine } from '../../../../src/steps/k3s/forget.js';
import { joinCluster } from '../../../../src/steps/k3s/member.js';
import { clearK3s } from '../../../../src/steps/k3s/reset.js';
import { failureOf, Stage } from '../../../helpers/step-context.js';

const INPUT = { machine: 'g2', server: 'g1', mounts: ['/opt/shared'] };
const PASSWORD = 'test -s /etc/rancher/node/password';
const ACTIVE = 'systemctl is-active -q k3s.service';
const NODES = /kubectl get nodes /;
const SECRETS = /kubectl get secrets -n kube-system /;
const list = (...names: string[]): string =>
  JSON.stringify({ items: names.map((name) => ({ kind: 'Any', metadata: { name } })) });
const node = (name: string, ready: boolean): string =>
  JSON.stringify({
    items: [
      {
        kind: 'Node',
        metadata: { name },
        status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
      },
    ],
  });

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
});

describe('k3s.forget for a recreated machine', () => {
  const fresh = (nodes: string, secrets: string): void => {
    stage.on('g2').on(PASSWORD, { exitCode: 1 });
    stage.on('g1').on(ACTIVE).on(NODES, nodes).on(SECRETS, secrets);
  };

  it('is satisfied when the machine has a node password', async () => {
    stage.on('g2').on(PASSWORD);
    expect(await forgetMachine.probe(INPUT, stage.context())).toEqual({ state: 'satisfied' });
    expect(stage.ran('g1')).toEqual([]);
  });

  it('is satisfied while the server is down (k3s.ready handles it later)', async () => {
    stage.on('g2').on(PASSWORD, { exitCode: 1 });
    stage.on('g1').on(ACTIVE, { exitCode: 3 });
    expect(await forgetMachine.probe(INPUT, stage.context())).toEqual({ state: 'satisfied' });
  });

  it.each([
    ['its node', list('g1', 'g2'), list()],
    ['its password', list('g1'), list('g2.node-password.k3s')],
  ])('is pending while the cluster has %s', async (_what, nodes, secrets) => {
    fresh(nodes, secrets);
    expect(await forgetMachine.probe(INPUT, stage.context())).toMatchObject({ state: 'pending' });
  });

  it('is satisfied when the cluster has only other nodes', async () => {
    fresh(list('g1', 'g22'), list('g22.node-password.k3s'));
    expect(await forgetMachine.probe(INPUT, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('deletes the node and the password of this machine only', async () => {
    stage.on('g2').on(/systemctl stop k3s-agent/);
    stage.on('g1').on(/kubectl .*delete/);
    await forgetMachine.apply(INPUT, stage.context());
    expect(stage.ran('g1')).toEqual([
      'k3s kubectl delete node g2 --ignore-not-found',
      'k3s kubectl -n kube-system delete secret g2.node-password.k3s --ignore-not-found',
    ]);
  });
});

describe('k3s.member', () => {
  const authorities = (agent: string, server: string): void => {
    stage.on('g2').on(/^sh certificate .*agent\/server-ca\.crt$/, agent);
    stage.on('g1').on(/^sh certificate .*server\/tls\/server-ca\.crt$/, server);
  };

  it('is satisfied when the node is Ready, whatever its files contain', async () => {
    stage.on('g1').on(NODES, node('g2', true));
    expect(await joinCluster.probe(INPUT, stage.context())).toEqual({ state: 'satisfied' });
  });

  it.each([
    ['has not learnt of any cluster yet', '', 'A'],
    ['waits for a server that has none yet', 'A', ''],
    ['knows the cluster of the server', 'A\n', ' A'],
  ])('is satisfied when the agent %s', async (_what, agent, server) => {
    stage.on('g1').on(NODES, node('g2', false));
    authorities(agent, server);
    expect(await joinCluster.probe(INPUT, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('clears and restarts an agent of an old cluster', async () => {
    stage.on('g1').on(NODES, node('g1', true));
    authorities('A', 'B');
    expect(await joinCluster.probe(INPUT, stage.context())).toMatchObject({
      because: 'the agent is still joined to an old cluster',
    });
    stage.on('g2').on('sh clear_cluster /opt/shared').on('systemctl start k3s-agent');
    await joinCluster.apply(INPUT, stage.context());
    expect(stage.ran('g2').at(-1)).toBe('systemctl start k3s-agent');
  });
});

describe('clearK3s', () => {
  it.each([
    [19, 'A volume is mounted inside the k3s directories on g2.'],
    [18, 'Something is still mounted inside the k3s directories on g2, so nothing was removed.'],
    [1, 'Removing the cluster from g2 ended with exit code 1'],
  ])('throws K3S_FAILED with the cause for exit code %i', async (exitCode, message) => {
    stage.on('g2').on(/^sh clear_cluster /, { exitCode });
    expect(await failureOf(clearK3s('g2', ['/opt/shared'], stage.context()))).toMatchObject({
      code: 'K3S_FAILED',
      message,
    });
  });
});
