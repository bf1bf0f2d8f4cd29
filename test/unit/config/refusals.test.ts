import { describe, expect, test } from 'vitest';
import { problemsOf } from './problems-of.js';
import { FIELD_REFUSALS, LAB_REFUSALS, SYNTAX_REFUSALS } from './refusals.js';

describe.each([
  ['a single field', FIELD_REFUSALS],
  ['several fields that conflict', LAB_REFUSALS],
  ['a syntax error', SYNTAX_REFUSALS],
])('refuses a lab file for %s', (_, refusals) => {
  test.each(refusals.map(([text, ...problems]) => ({ text, problems })))('$text', ({ text, problems }) => {
    expect(problemsOf(text)).toEqual(problems);
  });
});

test('reports all problems at once, in the order of the file', () => {
  const text = `
name: Lab
nodes:
  - {name: a, memory: 1}
  - {name: a, disk: 1GiB}
  - {name: b, roles: [server]}
  - {name: c, roles: [server]}
storage:
  classes: [{name: a}, {name: a}]
  pth: /x
`;
  expect(problemsOf(text)).toEqual([
    '2:7: name must be at most 63 lower case letters, digits and -, starting with a letter, not "Lab" (e.g. lab)',
    '4:23: nodes[0].memory must have a unit, not only 1 (write 1GiB)',
    '5:21: nodes[1].disk must be at least 3GiB, not 1GiB',
    '7:22: only one server is supported, and node b is the server (give this node the role agent)',
    '9:12: no class is the default class (set default: true on one of them)',
    '9:31: name a is already used by another class (choose another name)',
    '10:3: storage.pth is not a known key (did you mean path?)',
  ]);
});

test('does not report problems that only follow from an invalid value', () => {
  // Without the invalid list of nodes, node a would be unknown; without `replica`, two nodes would be too few.
  const text = 'nodes: [{name: a}, {nmae: b}]\ngluster: {volumes: [{name: v, nodes: [a, b], replcia: 1}]}';
  expect(problemsOf(text)).toEqual([
    '1:20: nodes[1].name is missing',
    '1:21: nodes[1].nmae is not a known key (did you mean name?)',
    '2:46: gluster.volumes[0].replcia is not a known key (did you mean replica?)',
  ]);
});

test.each([
  ['brackets', '['.repeat(100_000)],
  ['dashes', '- '.repeat(100_000)],
  ['blanks', `a:\n${' '.repeat(5000)}b: 1`],
])('refuses values nested too deeply by %s, before the parser exhausts the stack', (_, text) => {
  expect(problemsOf(text)).toEqual([expect.stringMatching(/^[12]:\d+: Values are nested too deeply/)]);
});

test('refuses a file larger than 1 MiB without parsing it', () => {
  expect(problemsOf('#'.repeat(2 ** 20 + 1))).toEqual([
    '1:1: The file is larger than 1 MiB (check that it is a lab file)',
  ]);
});

test('refuses nested aliases whose content multiplies', () => {
  const level = (name: string, below: string) =>
    `${name}: &${name} [${Array(9).fill(`*${below}`).join(', ')}]\n`;
  const text = `a: &a [x, x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}e: *d\n`;
  expect(problemsOf(text)).toEqual(['1:1: The file uses too many aliases (write the values out)']);
});
