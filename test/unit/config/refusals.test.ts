import { describe, expect, test } from 'vitest';
import { problemsOf } from './problems-of.js';
import { FIELD_REFUSALS, LAB_REFUSALS, SYNTAX_REFUSALS } from './refusals.js';

describe.each([
  ['a field', FIELD_REFUSALS],
  ['what spans fields', LAB_REFUSALS],
  ['the text', SYNTAX_REFUSALS],
])('refused for %s', (_, refusals) => {
  test.each(refusals.map(([text, ...problems]) => ({ text, problems })))('$text', ({ text, problems }) => {
    expect(problemsOf(text)).toEqual(problems);
  });
});

test('all problems come at once, in the order of the file', () => {
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
    '2:7: name must be lower case letters, digits and -, a letter first, not "Lab" (e.g. lab)',
    '4:23: nodes[0].memory must have a unit, not 1 alone (write 1GiB)',
    '5:21: nodes[1].disk must be at least 3GiB, not 1GiB',
    '7:22: only one server is possible for now, b is one already (make it an agent)',
    '9:12: no class is the default one (give one of them default: true)',
    '9:31: there is a class a already',
    '10:3: storage.pth is not a known key (did you mean path?)',
  ]);
});

test('what follows from a refused value is not reported as well', () => {
  // Read without the list of nodes, there is no node a; read without `replica`, two nodes are too few.
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
])('nesting by %s is refused before it exhausts the stack', (_, text) => {
  expect(problemsOf(text)).toEqual([expect.stringMatching(/^[12]:\d+: Values are nested too deeply/)]);
});

test('a file that is too long is refused unread', () => {
  expect(problemsOf('#'.repeat(2 ** 20 + 1))).toEqual(['1:1: The file is longer than 1 MiB']);
});

test('aliases that multiply are refused', () => {
  const level = (name: string, below: string) =>
    `${name}: &${name} [${Array(9).fill(`*${below}`).join(', ')}]\n`;
  const text = `a: &a [x, x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}e: *d\n`;
  expect(problemsOf(text)).toEqual(['1:1: Aliases are used too often (write the values out)']);
});
