import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';

const failing = (code: string) => Object.assign(new Error(`${code}: read`), { code });

/** A folder /lab with the files given by absolute path; a code in place of a text makes the read fail with it. */
const folder = (files: Record<string, string>, stdin = '') => ({
  cwd: '/lab',
  readFile: (path: string) => {
    const text = files[path] ?? 'ENOENT';
    return /^E[A-Z]+$/.test(text) ? Promise.reject(failing(text)) : Promise.resolve(text);
  },
  readStdin: () => Promise.resolve(stdin),
});

test('without any file, the defaults are loaded', async () => {
  const { config, source, text } = await loadConfig(folder({}));
  expect({ name: config.name, source, text }).toEqual({ name: 'kglab', source: 'defaults', text: '' });
});

test.each([
  [['lab.yaml', 'lab.yml', 'kglab.yaml'], 'lab.yaml'],
  [['lab.yml', 'kglab.yaml'], 'lab.yml'],
  [['kglab.yaml'], 'kglab.yaml'],
])('of %j, %s is read', async (names, expected) => {
  const files = Object.fromEntries(names.map((name, index) => [`/lab/${name}`, `name: n${index}`]));
  const { config, source, text } = await loadConfig(folder(files));
  expect({ name: config.name, source, text }).toEqual({ name: 'n0', source: expected, text: 'name: n0' });
});

test('a named file is read relative to the working directory, with flags in place of it', async () => {
  const files = { '/other/x.yaml': 'name: a\nnodes: 5' };
  const { config, source } = await loadConfig({
    ...folder(files),
    file: '../other/x.yaml',
    overrides: { name: 'b' },
  });
  expect([config.name, config.nodes.length, source]).toEqual(['b', 5, '../other/x.yaml']);
});

test('- is standard input', async () => {
  const { config, source } = await loadConfig({ ...folder({}, 'name: piped'), file: '-' });
  expect([config.name, source]).toEqual(['piped', 'stdin']);
});

test.each([
  ['../other/x.yaml', 'k3s', '/other/k3s'],
  ['../other/x.yaml', '/srv/k3s', '/srv/k3s'],
  ['-', './k3s', '/lab/k3s'],
])('k3s.artifacts is relative to the lab file: %s, %s', async (file, artifacts, expected) => {
  const text = `k3s: {artifacts: ${artifacts}}`;
  const { config } = await loadConfig({ ...folder({ '/other/x.yaml': text }, text), file });
  expect(config.k3s.artifacts).toBe(expected);
});

test.each([
  ['ENOENT', 'x.yaml cannot be read: there is no such file.'],
  ['EACCES', 'x.yaml cannot be read: you may not read it.'],
  ['EISDIR', 'x.yaml cannot be read: it is a folder.'],
  ['EIO', 'x.yaml cannot be read: EIO: read.'],
])('a named file that fails with %s', async (code, message) => {
  const loading = loadConfig({ ...folder({ '/lab/x.yaml': code }), file: 'x.yaml' });
  await expect(loading).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', message });
});

test('a usual file that is there but cannot be read is not passed over', async () => {
  const loading = loadConfig(folder({ '/lab/lab.yaml': 'EACCES', '/lab/lab.yml': 'name: x' }));
  await expect(loading).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
});

test('problems are told with the name of the file', async () => {
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
