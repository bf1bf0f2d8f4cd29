import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { problemsOf } from './problems-of.js';

test('flags stand in place of what the file says, and count as written there', () => {
  const config = parseConfig('name: X\nnodes: [{name: a}]\nprovider: multipass', 'lab.yaml', {
    name: 'other',
    provider: 'simulator',
    nodes: '4',
  });
  expect(config).toMatchObject({ name: 'other', provider: 'simulator' });
  expect(config.nodes.map(({ machine }) => machine)).toEqual([1, 2, 3, 4].map((n) => `other-node${n}`));
});

test('problems in flags name the flag and come first', () => {
  expect(problemsOf('name: x\nfoo: 1', { name: 'A b', provider: 'docker', nodes: 'many' })).toEqual([
    '--name: name must be lower case letters, digits and -, a letter first, not "A b" (e.g. a-b)',
    '--provider: provider must be auto, multipass, nspawn or simulator, not "docker"',
    '--nodes: nodes must be a whole number (1 to 200) or a list of nodes, not "many"',
    expect.stringMatching(/^2:1: foo is not a known key/),
  ]);
});

test('what a flag leads to is told with the flag', () => {
  expect(problemsOf('nodes: 3', { nodes: 2 })).toEqual([
    expect.stringMatching(/^--nodes: volume gv0 would be a two-way/),
  ]);
});

test('a file that cannot be read is not judged by its flags', () => {
  expect(problemsOf('gluster: [', { nodes: 2 })).toEqual([expect.stringMatching(/^1:\d+: /)]);
});

test('flags that are all that is wrong are a matter of the command line', () => {
  expect(() => parseConfig('', 'defaults', { nodes: 'abc' })).toThrow(
    expect.objectContaining({ code: 'USAGE', message: 'The command line has a problem.' }),
  );
  expect(() => parseConfig('nodes: 0', 'lab.yaml', { provider: 'docker' })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});
