import { describe, expect, it } from 'vitest';
import type { CliError } from '../../../src/errors/cli-error.js';
import { getObjects, runKubectl } from '../../../src/kube/kubectl.js';
import { nodeView } from '../../../src/kube/kubectl.js';
import { failureOf, Stage } from '../../helpers/step-context.js';

const GET = 'k3s kubectl get pods -n a --ignore-not-found -o json';

describe('getObjects', () => {
  it.each([
    ['a list', '{"kind": "List", "items": [{"kind": "Pod"}, {"kind": "Pod"}]}', 2],
    ['an empty list', '{"kind": "List", "items": []}', 0],
    ['one object', '{"kind": "Pod", "metadata": {"name": "a"}}', 1],
    ['nothing at all', '\n', 0],
  ])('reads %s', async (_what, json, count) => {
    const stage = new Stage();
    stage.on('g1').on(GET, json);
    expect(await getObjects(stage.context(), 'g1', 'pods', '-n', 'a')).toHaveLength(count);
  });

  it('does not take a refusal for an empty list', async () => {
    const stage = new Stage();
    stage.on('g1').on(GET, { exitCode: 1, stderr: 'The connection to the server was refused' });
    const error = (await failureOf(getObjects(stage.context(), 'g1', 'pods', '-n', 'a'))) as CliError;
    expect(error).toMatchObject({ code: 'KUBECTL_FAILED', exitCode: 53 });
    expect(error.message).toBe('`kubectl get pods -n` ended with exit code 1');
    expect(error.details).toEqual(['The connection to the server was refused']);
  });
});

describe('runKubectl', () => {
  it('sends a manifest by standard input', async () => {
    const stage = new Stage();
    stage.on('g1').on('k3s kubectl apply -f -', 'created');
    await runKubectl(stage.context(), 'g1', ['apply', '-f', '-'], { stdin: 'kind: Pod' });
    expect(stage.calls[0]?.command.stdin).toBe('kind: Pod');
  });
});

describe('nodeView', () => {
  const metadata = { name: 'g1' };

  it('knows a node that has not reported', () => {
    expect(nodeView({ kind: 'Node', metadata })).toEqual({
      name: 'g1',
      ready: false,
      message: 'the kubelet has not reported yet',
      address: undefined,
      reportedAt: 0,
    });
  });

  it('goes by the Ready condition and the internal address among others', () => {
    const status = {
      conditions: [
        { type: 'MemoryPressure', status: 'True', message: 'no' },
        {
          type: 'Ready',
          status: 'Unknown',
          message: 'Kubelet stopped posting node status.',
          lastHeartbeatTime: '2026-11-20T10:00:05Z',
        },
      ],
      addresses: [
        { type: 'Hostname', address: 'g1' },
        { type: 'InternalIP', address: '10.77.0.11' },
      ],
    };
    expect(nodeView({ kind: 'Node', metadata, status })).toEqual({
      name: 'g1',
      ready: false,
      message: 'Kubelet stopped posting node status.',
      address: '10.77.0.11',
      reportedAt: Date.UTC(2026, 10, 20, 10, 0, 5),
    });
  });
});
