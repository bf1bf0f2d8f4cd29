import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { mergeContexts, withoutContext } from '../../../src/kube/merge-kubeconfig.js';

const kubeconfig = (name: string, server: string): string => `apiVersion: v1
kind: Config
clusters:
  - name: ${name}
    cluster: { server: '${server}' }
users:
  - name: ${name}
    user: { client-key-data: a2V5 }
contexts:
  - name: ${name}
    context: { cluster: ${name}, user: ${name} }
current-context: ${name}
`;
const LAB = kubeconfig('kglab-demo', 'https://10.77.0.11:6443');
const OWN = kubeconfig('work', 'https://work.example.test') + 'preferences: { colors: true }\n';

interface Config {
  clusters: { name: string; cluster: { server: string } }[];
  users: { name: string }[];
  contexts: { name: string }[];
  'current-context': string;
}
const names = (text: string): string[][] => {
  const { clusters, users, contexts } = parse(text) as Config;
  return [clusters, users, contexts].map((entries) => entries.map(({ name }) => name));
};

describe('mergeContexts', () => {
  it('adds the lab beside what is there, and leaves the current context alone', () => {
    const { text, context } = mergeContexts(OWN, LAB);
    expect(context).toBe('kglab-demo');
    expect(names(text)).toEqual([
      ['work', 'kglab-demo'],
      ['work', 'kglab-demo'],
      ['work', 'kglab-demo'],
    ]);
    expect(parse(text)).toMatchObject({ 'current-context': 'work', preferences: { colors: true } });
  });

  it('replaces its own entries of an earlier lab, once', () => {
    const { text } = mergeContexts(mergeContexts(OWN, kubeconfig('kglab-demo', 'https://old')).text, LAB);
    expect(names(text)[0]).toEqual(['work', 'kglab-demo']);
    expect(text).not.toContain('https://old');
    expect(mergeContexts(text, LAB).text).toBe(text);
  });

  it.each([
    ['no file', ''],
    ['an empty config', 'apiVersion: v1\nkind: Config\nclusters: null\nusers: []\ncurrent-context: ""\n'],
    ['comments alone', '# mine\n'],
  ])('becomes the current context where there is none: %s', (_what, own) => {
    const { text } = mergeContexts(own, LAB);
    expect(parse(text)).toMatchObject({ apiVersion: 'v1', kind: 'Config', 'current-context': 'kglab-demo' });
    expect(names(text)[2]).toEqual(['kglab-demo']);
  });
});

describe('withoutContext', () => {
  it('takes out one cluster and no other', () => {
    const { text } = mergeContexts(OWN, LAB);
    expect(parse(withoutContext(text, 'kglab-demo'))).toEqual(parse(OWN));
    expect(names(withoutContext(text, 'kglab-dem'))).toEqual(names(text));
  });

  it('does not leave a current context that is gone', () => {
    expect(parse(withoutContext(LAB, 'kglab-demo'))).toMatchObject({ 'current-context': '', clusters: [] });
  });

  it('bears an empty file', () => {
    expect(parse(withoutContext('', 'kglab-demo'))).toMatchObject({ clusters: [], contexts: [], users: [] });
  });
});
