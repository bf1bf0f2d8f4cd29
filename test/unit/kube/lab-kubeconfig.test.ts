import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { contextName, forHost } from '../../../src/kube/lab-kubeconfig.js';

/** As k3s writes /etc/rancher/k3s/k3s.yaml. */
const K3S_YAML = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://127.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
preferences: {}
users:
- name: default
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: ${'S0VZ'.repeat(60)}
`;

describe('forHost', () => {
  it('golden', async () => {
    const text = forHost(K3S_YAML, 'demo', '10.77.0.11');
    await expect(text).toMatchFileSnapshot('../../golden/k3s/kubeconfig.yaml');
  });

  it('changes address and names, and nothing of the credentials', () => {
    const before = parse(K3S_YAML) as { users: { user: unknown }[] };
    const after = parse(forHost(K3S_YAML, 'demo', '10.77.0.11')) as typeof before;
    expect(after).toMatchObject({
      clusters: [{ name: 'kglab-demo', cluster: { server: 'https://10.77.0.11:6443' } }],
      contexts: [{ name: 'kglab-demo', context: { cluster: 'kglab-demo', user: 'kglab-demo' } }],
      'current-context': 'kglab-demo',
    });
    expect(after.users.map(({ user }) => user)).toEqual(before.users.map(({ user }) => user));
    expect(JSON.stringify(after)).not.toContain('127.0.0.1');
  });

  it.each([
    ['an empty file', ''],
    ['half a file', K3S_YAML.slice(0, K3S_YAML.indexOf('contexts:'))],
    ['a line cut short', K3S_YAML.slice(0, K3S_YAML.indexOf('server'))],
    ['another text', 'cat: no such file'],
    ['clusters that are a mapping', K3S_YAML.replace(/clusters:\n- /, 'clusters:\n  ')],
  ])('says that the kubeconfig of k3s is not complete: %s', (_what, text) => {
    expect(() => forHost(text, 'demo', '10.77.0.11')).toThrow(
      expect.objectContaining({ code: 'K3S_FAILED' }),
    );
  });

  it('calls the clusters of two labs by two names', () => {
    expect(contextName('a')).not.toBe(contextName('b'));
  });
});
