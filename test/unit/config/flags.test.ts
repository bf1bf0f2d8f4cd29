import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { problemsOf } from './problems-of.js';

test('flags override the values of the file', () => {
  const config = parseConfig('name: X\nnodes: [{name: a}]\nprovider: multipass', 'lab.yaml', {
    name: 'other',
    provider: 'simulator',
    nodes: '4',
  });
  expect(config).toMatchObject({ name: 'other', provider: 'simulator' });
  expect(config.nodes.map(({ machine }) => machine)).toEqual([1, 2, 3, 4].map((n) => `other-node${n}`));
});

test('reports problems of flags first, with the name of the flag', () => {
  expect(problemsOf('name: x\nfoo: 1', { name: 'A b', provider: 'docker', nodes: 'many' })).toEqual([
    '--name: name must be at most 63 lower case letters, digits and -, starting with a letter, not "A b" (e.g. a-b)',
    '--provider: provider must be auto, multipass, nspawn or simulator, not "docker"',
    '--nodes: nodes must be a whole number (1 to 200) or a list of nodes, not "many"',
    expect.stringMatching(/^2:1: foo is not a known key/),
  ]);
});

test('reports a conflict caused by a flag with the name of the flag', () => {
  expect(problemsOf('nodes: 3', { nodes: 2 })).toEqual([
    expect.stringMatching(/^--nodes: volume gv0 would have replica 2/),
  ]);
});

test('does not check flags against a file with a syntax error', () => {
  expect(problemsOf('gluster: [', { nodes: 2 })).toEqual([expect.stringMatching(/^1:\d+: /)]);
});

test('fails with USAGE if only flags are wrong, else with CONFIG_INVALID', () => {
  expect(() => parseConfig('', 'defaults', { nodes: 'abc' })).toThrow(
    expect.objectContaining({ code: 'USAGE', message: 'The command line has a problem.' }),
  );
  expect(() => parseConfig('nodes: 0', 'lab.yaml', { provider: 'docker' })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});
