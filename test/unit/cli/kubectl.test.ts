import { describe, expect, it } from 'vitest';
import { splitFiles } from '../../../src/cli/kubectl.js';

const split = (line: string) => {
  const { args, files } = splitFiles(line.split(' '));
  return [args.join(' '), files];
};

describe('splitFiles', () => {
  it.each([
    ['apply -f a.yaml', 'apply -f -', ['a.yaml']],
    ['apply -fa.yaml', 'apply -f -', ['a.yaml']],
    ['apply -f=a.yaml', 'apply -f -', ['a.yaml']],
    ['apply --filename a.yaml -n x', 'apply -f - -n x', ['a.yaml']],
    ['-n x apply --filename=a.yaml', '-n x apply -f -', ['a.yaml']],
    ['apply -f a.yaml -f b.yaml', 'apply -f -', ['a.yaml', 'b.yaml']],
  ])('takes the files of this host out of `%s`', (line, args, files) => {
    expect(split(line)).toEqual([args, files]);
  });

  it.each([
    'get pods -n x',
    'apply -f -',
    'apply -f https://example.test/a.yaml',
    'apply -f',
    'logs -f pod',
    'logs pod -f',
    '-n x logs -f pod',
    '--namespace x logs -f pod',
    '--namespace=x logs -f deployment/a',
    'exec pod -- tail -f /var/log/a',
    'exec pod -- sh --filename a',
  ])('leaves `%s` alone', (line) => {
    expect(split(line)).toEqual([line, []]);
  });

  it('keeps a file apart from a command that follows', () => {
    expect(split('exec -f pod.yaml -- date -f x')).toEqual(['exec -f - -- date -f x', ['pod.yaml']]);
  });

  it('does not take a resource called logs for the command', () => {
    expect(split('delete -f logs -n logs')).toEqual(['delete -f - -n logs', ['logs']]);
  });
});
