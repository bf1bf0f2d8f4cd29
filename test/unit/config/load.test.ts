import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';

const failing = (code: string) => Object.assign(new Error(`${code}: read`), { code });

/** A directory /lab with files by absolute path; reading a file whose text is an error code fails with that code. */
const folder = (files: Record<string, string>, stdin = '') => ({
  cwd: '/lab',
  readFile: (path: string) => {
    const text = files[path] ?? 'ENOENT';
    return /^E[A-Z]+$/.test(text) ? Promise.reject(failing(text)) : Promise.resolve(text);
  },
  readStdin: () => Promise.resolve(stdin),
});

test('loads the defaults if there is no lab file', async () => {
  const { config, source, text } = await loadConfig(folder({}));
  expect({ name: config.name, source, text }).toEqual({ name: 'kglab', source: 'defaults', text: '' });
});

test.each([
  [['lab.yaml', 'lab.yml', 'kglab.yaml'], 'lab.yaml'],
  [['lab.yml', 'kglab.yaml'], 'lab.yml'],
  [['kglab.yaml'], 'kglab.yaml'],
])('of the files %j, reads %s', async (names, expected) => {
  const files = Object.fromEntries(names.map((name, index) => [`/lab/${name}`, `name: n${index}`]));
  const { config, source, text } = await loadConfig(folder(files));
  expect({ name: config.name, source, text }).toEqual({ name: 'n0', source: expected, text: 'name: n0' });
});

test('reads a named file relative to the working directory; flags override it', async () => {
  const files = { '/other/x.yaml': 'name: a\nnodes: 5' };
  const { config, source } = await loadConfig({
    ...folder(files),
    file: '../other/x.yaml',
    overrides: { name: 'b' },
  });
  expect([config.name, config.nodes.length, source]).toEqual(['b', 5, '../other/x.yaml']);
});

test('reads standard input for -', async () => {
  const { config, source } = await loadConfig({ ...folder({}, 'name: piped'), file: '-' });
  expect([config.name, source]).toEqual(['piped', 'stdin']);
});

test.each([
  ['../other/x.yaml', 'k3s', '/other/k3s'],
  ['../other/x.yaml', '/srv/k3s', '/srv/k3s'],
  ['-', './k3s', '/lab/k3s'],
])('resolves k3s.artifacts relative to the lab file: %s, %s', async (file, artifacts, expected) => {
  const text = `k3s: {artifacts: ${artifacts}}`;
  const { config } = await loadConfig({ ...folder({ '/other/x.yaml': text }, text), file });
  expect(config.k3s.artifacts).toBe(expected);
});

test.each([
  ['ENOENT', 'x.yaml cannot be read: there is no such file.'],
  ['EACCES', 'x.yaml cannot be read: permission denied.'],
  ['EISDIR', 'x.yaml cannot be read: it is a directory.'],
  ['EIO', 'x.yaml cannot be read: EIO: read.'],
])('explains a named file that fails with %s', async (code, message) => {
  const loading = loadConfig({ ...folder({ '/lab/x.yaml': code }), file: 'x.yaml' });
  await expect(loading).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', message });
});

test('fails on an unreadable default file instead of trying the next one', async () => {
  const loading = loadConfig(folder({ '/lab/lab.yaml': 'EACCES', '/lab/lab.yml': 'name: x' }));
  await expect(loading).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
});

test('reports problems with the name of the file', async () => {
  const loading = loadConfig(folder({ '/lab/lab.yaml': 'nodes:\n  - name: a\n    cpus: 0\n    cpu: 1\n' }));
  await expect(loading).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'lab.yaml has 2 problems.',
    details: [
      'lab.yaml:3:11: nodes[0].cpus must be at least 1, not 0',
      'lab.yaml:4:5: nodes[0].cpu is not a known key (did you mean cpus?)',
    ],
  });
});
