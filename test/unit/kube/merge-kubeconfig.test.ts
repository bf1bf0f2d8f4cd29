import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import * as kubeconfigs from '../../../src/kube/merge-kubeconfig.js';
import { readKubeconfig } from '../../../src/kube/read-kubeconfig.js';

const FILE = '/home/x/.kube/config';

const mergeContexts = (own: string, added: string, isCurrent = true): string =>
  kubeconfigs.mergeContexts(readKubeconfig(own, FILE), readKubeconfig(added, 'lab'), FILE, isCurrent);
const withoutContext = (own: string, name: string): string =>
  kubeconfigs.withoutContext(readKubeconfig(own, FILE), name, FILE);

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

/** Files that people have: the lists all have an entry, and there is a current context. */
const NASTY: readonly (readonly [string, string])[] = [
  ['one that kglab has written', OWN],
  [
    'comments, quotes and odd indentation',
    `# mine, keep off
apiVersion: "v1"   # quoted
contexts:   # first
    -   context:
            cluster: 'a'   # of the office
            user: "u"
        name: 'a'

    # the end of contexts

current-context: 'a' # for now
kind:   Config
clusters:
- cluster: # no name first
    server: >-
      https://a.example.test
    certificate-authority-data: |
      bGluZTE=
      bGluZTI=
  name: a
# between the lists
users: # three dashes below
- {name: "u", user: {token: "t#t: [x]"}}

# vim: set ft=yaml
`,
  ],
  ['JSON as kubectl prints it', `${JSON.stringify(parse(OWN), null, 4)}\n`],
  ['JSON in one line', JSON.stringify(parse(OWN))],
  ['JSON with tabs', JSON.stringify(parse(OWN), null, '\t')],
  ['CRLF line ends', OWN.replaceAll('\n', '\r\n')],
  ['a byte order mark', `\uFEFF${OWN}`],
  ['no line end at its end', OWN.trimEnd()],
  ['blank lines at its end', `${OWN}\n\n`],
  [
    'a list at its end, without a line end',
    OWN.replace('preferences: { colors: true }\n', 'users2:\n- a').trimEnd(),
  ],
  [
    'users at its end, without a line end',
    'clusters:\n- name: a\ncontexts:\n- name: a\ncurrent-context: a\nusers:\n- name: a',
  ],
  ['a document start and end', `---\n${OWN}...\n`],
  ['a directive', `%YAML 1.2\n---\n${OWN}`],
  ['a document start with a comment', `# one\n--- # two\n${OWN}`],
  [
    'brackets over several lines with comments',
    OWN.replace(/users:\n.*\n.*\n/, 'users: [\n  # one\n  { name: a }, # two\n  # three\n]\n'),
  ],
  ['a comma at the end of brackets', OWN.replace(/users:\n.*\n.*\n/, 'users: [ { name: a }, ]\n')],
  [
    'anchors and aliases within entries',
    OWN.replace(
      "cluster: { server: 'https://work.example.test' }",
      'cluster: &c { server: x }\n  - name: b\n    cluster: *c',
    ),
  ],
  ['a list with an anchor', OWN.replace('users:', 'users: &all')],
  ['keys in quotes', OWN.replace('users:', '"users":').replace('clusters:', "'clusters':")],
  [
    'a block scalar that keeps its line ends',
    OWN.replace('user: { client-key-data: a2V5 }', 'user:\n      token: |+\n        a\n\n\n'),
  ],
  ['an indented mapping', OWN.replaceAll(/^(?=.)/gm, '   ')],
  ['entries that are nothing', OWN.replace('users:\n', 'users:\n  -\n')],
  ['letters beyond ASCII', `# Größe 日本 😀\n${OWN}`],
];

describe('mergeContexts', () => {
  it('adds the lab beside what is there, and leaves the current context alone', () => {
    const text = mergeContexts(OWN, LAB);
    expect(names(text)).toEqual([
      ['work', 'kglab-demo'],
      ['work', 'kglab-demo'],
      ['work', 'kglab-demo'],
    ]);
    expect(parse(text)).toMatchObject({ 'current-context': 'work', preferences: { colors: true } });
  });

  it('replaces its own entries of an earlier lab in their place, once', () => {
    const earlier = mergeContexts(OWN, kubeconfig('kglab-demo', 'https://old'));
    const both = mergeContexts(earlier, kubeconfig('other', 'https://other'));
    const text = mergeContexts(both, LAB);
    expect(names(text)[0]).toEqual(['work', 'kglab-demo', 'other']);
    expect(text).not.toContain('https://old');
    expect(mergeContexts(text, LAB)).toBe(text);
  });

  it('leaves one entry of several with its name', () => {
    const twice = OWN.replace('users:\n', 'users:\n  - name: kglab-demo\n  - name: kglab-demo\n');
    expect(names(mergeContexts(twice, LAB))[1]).toEqual(['kglab-demo', 'work']);
  });

  it.each([
    ['no file', ''],
    ['an empty config', 'apiVersion: v1\nkind: Config\nclusters: null\nusers: []\ncurrent-context: ""\n'],
    [
      'lists without values',
      'apiVersion: v1\nkind: Config\nclusters: # mine\nusers: []  # mine\ncurrent-context:\n',
    ],
    ['comments in empty brackets', 'apiVersion: v1\nkind: Config\nclusters: [\n  # mine\n  ]\n'],
    ['an empty mapping', '{ "apiVersion": "v1", "kind": "Config" }'],
    [
      'JSON with nulls',
      '{"apiVersion":"v1","kind":"Config","clusters":null,"users":[],"current-context":null}',
    ],
    ['comments alone', '# mine\n'],
    ['a document start alone', '---\n'],
  ])('becomes the current context where there is none: %s', (_what, own) => {
    const text = mergeContexts(own, LAB);
    expect(parse(text)).toEqual(parse(LAB));
    for (const comment of own.match(/# mine/g) ?? []) expect(text).toContain(comment);
    expect(text.match(/# mine/g)).toEqual(own.match(/# mine/g));
    expect(parse(mergeContexts(own, LAB, false))).not.toMatchObject({ 'current-context': 'kglab-demo' });
  });

  it('writes lists that were empty as blocks, below the comment of their line', () => {
    expect(mergeContexts('users: []  # mine\nkind: Config\n', 'users: [{ name: a }]')).toBe(
      'users:  # mine\n- name: a\nkind: Config\n',
    );
  });

  it('writes JSON where there is JSON', () => {
    const text = mergeContexts(JSON.stringify(parse(OWN), null, 4), LAB);
    expect(text).toBe(JSON.stringify(JSON.parse(text), null, 4));
  });

  it.each(NASTY)('leaves every byte but its own as it is, to and fro: %s', (_what, own) => {
    const merged = mergeContexts(own, LAB);
    expect(parse(merged.replace('\uFEFF', ''))).not.toEqual(parse(own.replace('\uFEFF', '')));
    expect(withoutContext(merged, 'kglab-demo')).toBe(own);
    const again = mergeContexts(merged, kubeconfig('kglab-demo', 'https://10.88.0.11:6443'));
    expect(withoutContext(again, 'kglab-demo')).toBe(own);
  });

  const lined = NASTY.filter(([, own]) => own.includes('\n'));
  it.each(lined)('keeps the kind of line ends: %s', (_what, own) => {
    const ends = (text: string): Set<string> => new Set(text.match(/\r?\n/g));
    expect(ends(mergeContexts(own, LAB))).toEqual(ends(own));
  });
});

describe('withoutContext', () => {
  it('takes out one cluster and no other', () => {
    const text = mergeContexts(OWN, LAB);
    expect(withoutContext(text, 'kglab-dem')).toBe(text);
    expect(withoutContext(text, 'kglab-demo')).toBe(OWN);
  });

  it('does not leave a current context that is gone', () => {
    expect(parse(withoutContext(LAB, 'kglab-demo'))).toMatchObject({ 'current-context': '', clusters: [] });
  });

  it.each([
    [
      'first',
      'contexts: [{ name: kglab-demo }, # own\n  { name: b }]\n',
      'contexts: [ # own\n  { name: b }]\n',
    ],
    [
      'last',
      'contexts: [{ name: b }, # own\n  { name: kglab-demo } ]\n',
      'contexts: [{ name: b } # own\n   ]\n',
    ],
    ['only', 'contexts: [ # own\n { name: kglab-demo } ]\n', 'contexts: [ # own\n  ]\n'],
  ])('leaves comments between brackets where they are: %s', (_what, own, left) => {
    expect(withoutContext(own, 'kglab-demo')).toBe(left);
  });

  it('leaves the comments around lines of its own', () => {
    const own = 'users:\n# before\n- name: kglab-demo # gone\n  user: {}\n# after\n- name: b\nkind: Config\n';
    expect(withoutContext(own, 'kglab-demo')).toBe('users:\n# before\n# after\n- name: b\nkind: Config\n');
  });

  it.each([
    ['single', "'"],
    ['double', '"'],
  ])('keeps the %s quotes of the current context', (_what, mark) => {
    expect(withoutContext(`current-context: ${mark}kglab-demo${mark} # now\n`, 'kglab-demo')).toBe(
      `current-context: ${mark}${mark} # now\n`,
    );
  });

  it.each([
    ['an empty file', ''],
    ['comments', '# mine\n'],
    ['null lists', 'clusters: null\ncontexts:\nusers: ~\n'],
  ])('bears %s', (_what, own) => {
    expect(withoutContext(own, 'kglab-demo')).toBe(own);
  });

  it.each([
    ['a list that is an alias', 'x: &all [{ name: kglab-demo }]\nusers: *all\n'],
    ['an entry whose anchor others use', 'users:\n- &a { name: kglab-demo }\nx: *a\n'],
    ['a list of an explicit key', '? users\n: - name: kglab-demo\n'],
    ['a list that is merged in', 'x: &x { users: [{ name: kglab-demo }] }\n<<: *x\n'],
  ])('refuses what it cannot edit: %s', (_what, own) => {
    expect(() => withoutContext(own, 'kglab-demo')).toThrow(
      expect.objectContaining({
        code: 'KUBECONFIG_INVALID',
        message: `kglab cannot edit ${FILE} without changing other entries, so it did not change ${FILE}.`,
      }),
    );
  });
});

describe('readKubeconfig', () => {
  it.each([
    ['clusters that are a mapping', 'clusters: {}\n', `${FILE}:1:11: clusters must be a list`],
    ['a tab', 'clusters:\n\t- name: a\n', `${FILE}:2:1: Indentation must not contain tabs (use spaces)`],
    [
      'two documents',
      'kind: Config\n---\nkind: Config\n',
      `${FILE}:2:1: The file must be a single YAML document (remove the --- line and what follows)`,
    ],
    ['plain text', 'hello\n', `${FILE}:1:1: the file must be a mapping (clusters, users, contexts)`],
    ['a list', '\n- a\n', `${FILE}:2:1: the file must be a mapping (clusters, users, contexts)`],
    ['an entry that is a text', 'users:\n- secret\n', `${FILE}:2:3: users[0] must be a mapping`],
    ['a name that is a number', 'users:\n- name: 12\n', `${FILE}:2:9: users[0].name must be a text`],
    ['another kind', 'kind: Pod\n', `${FILE}:1:7: kind must be Config`],
    [
      'an alias without an anchor',
      'users: *a\n',
      `${FILE}: Unresolved alias (the anchor must be set before the alias): a`,
    ],
    [
      'endless brackets',
      '['.repeat(50_000),
      expect.stringMatching(/^\/home\/x\/.kube\/config:1:\d+: Values are nested too deeply$/) as string,
    ],
  ])('refuses %s, with the place', (_what, text, detail) => {
    expect(() => readKubeconfig(text, FILE)).toThrow(
      expect.objectContaining({
        code: 'KUBECONFIG_INVALID',
        message: `kglab cannot read ${FILE} as a kubeconfig; ${FILE} was not changed.`,
        details: [detail],
      }),
    );
  });

  it('takes a kubeconfig for one that has entries without a value', () => {
    expect(() => readKubeconfig('clusters: [null]\nusers:\n-\ncontexts: ~\n', FILE)).not.toThrow();
  });
});
