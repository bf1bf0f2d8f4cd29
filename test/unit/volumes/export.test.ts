import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { checksumsOf, digestOf, differences, parseChecksums } from '../../../src/volumes/checksums.js';
import { compareExports, parseExport, type Export } from '../../../src/volumes/export.js';
import { failureOf, Stage } from '../../helpers/step-context.js';

describe('checksums', () => {
  it('fail when a file cannot be read', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kglab-sums-'));
    const PATH = `${dir}:${process.env['PATH'] ?? ''}`;
    const context = new Stage().context({
      machine: (name) => ({
        name,
        exec: (command, options) => new HostExecutor().exec({ ...command, env: { PATH } }, options),
      }),
    });
    expect(Object.keys(await checksumsOf(dir, 'here', context))).toEqual([]);
    await writeFile(join(dir, 'sha256sum'), '#!/bin/sh\necho "Input/output error" >&2; exit 1\n');
    await chmod(join(dir, 'sha256sum'), 0o755);
    expect(await failureOf(checksumsOf(dir, 'here', context))).toMatchObject({ code: 'VOLUME_FAILED' });
    await rm(dir, { recursive: true });
  });

  it('of files with odd names, links and directories', () => {
    const sum = 'a'.repeat(64);
    const text = `${sum}  ./b\n${sum}  ./with  blanks\n\\${sum}  ./new\\nline\nlink:../x  ./l\ndirectory  ./d\n`;
    expect(parseChecksums(text)).toEqual({
      b: sum,
      'with  blanks': sum,
      'new\\nline': sum,
      l: 'link:../x',
      d: 'directory',
    });
  });

  it('make a digest that does not depend on their order', () => {
    expect(digestOf({ a: '1', b: '2' })).toBe(digestOf({ b: '2', a: '1' }));
    expect(digestOf({ a: '1', b: '2' })).not.toBe(digestOf({ a: '2', b: '1' }));
  });

  it('tell new, lost and changed paths', () => {
    expect(differences({ a: '1', b: '2', c: '3' }, { a: '1', b: 'x', d: '4' })).toEqual([
      '~ b',
      '- c',
      '+ d',
    ]);
  });
});

const exported = (checksums: Record<string, string>, pv = 'pvc-1'): Export => ({
  version: 1,
  lab: 'x',
  volumes: [{ claim: 'default/a', volume: 'gv0', entry: { version: 1, pv, path: `/m/${pv}` }, checksums }],
});

describe('compareExports', () => {
  it('finds nothing in what is identical', () => {
    expect(compareExports(exported({ f: '1' }), exported({ f: '1' }))).toEqual([]);
  });

  it('finds what has changed, and what is gone altogether', () => {
    expect(compareExports(exported({ f: '1' }), exported({ f: '2' }))).toEqual([
      { claim: 'default/a', lines: ['~ f'] },
    ]);
    expect(compareExports(exported({ f: '1' }), exported({}, 'pvc-2'))).toEqual([
      { claim: 'default/a', lines: ['the directory /m/pvc-1 is gone'] },
    ]);
  });

  it('does not mind volumes that came later', () => {
    const after = {
      ...exported({ f: '1' }),
      volumes: [...exported({ f: '1' }).volumes, ...exported({}, 'pvc-2').volumes],
    };
    expect(compareExports(exported({ f: '1' }), after)).toEqual([]);
  });
});

describe('parseExport', () => {
  it.each(['', '{}', '[]', 'null', '{"version":1}'])('refuses %j', (text) => {
    expect(() => parseExport(text, 'a file')).toThrow(/a file was not written by `kglab volumes export`/);
  });

  it('refuses one of a newer kglab', () => {
    expect(() => parseExport('{"version":2,"volumes":[]}', 'a file')).toThrow(
      expect.objectContaining({ code: 'CATALOGUE_NEWER' }) as Error,
    );
  });
});
