import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FUSE_MAGIC } from '../../../src/guest/layout.js';
import {
  FUNCTION_FILES,
  functionsOf,
  guestProgram,
  guestScript,
  PROGRAM_FILES,
  scriptName,
} from '../../../src/guest/script.js';
import lib from '../../../src/guest/lib.sh';

const GUEST = fileURLToPath(new URL('../../../src/guest', import.meta.url));

const text = (...words: Parameters<typeof guestScript>): string => guestScript(...words).args[1] ?? '';

it('sends a function, what it uses and the constants of that, and nothing else', () => {
  expect(text('mounts.sh', 'seal')).toBe(
    [
      `FUSE_MAGIC=${FUSE_MAGIC}`,
      'mounted() { [ "$(stat -f -c %t "$1" 2>/dev/null)" = "$FUSE_MAGIC" ]; }',
      functionsOf(FUNCTION_FILES['mounts.sh']).get('seal'),
      'seal "$@"',
    ].join('\n'),
  );
  expect(text('mounts.sh', 'restart_unit')).toContain('enable_unit() {');
});

it('passes values as arguments, and calls the script by its name', () => {
  const command = guestScript('k3s.sh', 'certificate', 'a b', '$(x)');
  expect(command.args.slice(2)).toEqual(['certificate', 'a b', '$(x)']);
  expect(scriptName(command)).toBe('certificate');
  expect(scriptName({ file: 'sh', args: ['-c', 'x', 'sh'] })).toBeUndefined();
});

it('refuses a function that the file does not have', () => {
  expect(() => guestScript('mounts.sh', 'no_such')).toThrow('mounts.sh has no function no_such');
});

it('puts the functions that an installed script uses below its first comment', () => {
  const guard = guestProgram('guard.sh');
  expect(guard.startsWith('#!/bin/sh\n# Written by kglab.')).toBe(true);
  expect(guard).toContain('\nlive() {');
  expect(guard).not.toContain('quarantine()');
});

it('knows every .sh file of src/guest', () => {
  const known = [...Object.keys(FUNCTION_FILES), ...Object.keys(PROGRAM_FILES), 'lib.sh'].sort();
  expect(readdirSync(GUEST).filter((name) => name.endsWith('.sh'))).toEqual(known);
});

it('has no function twice: one of a file would replace one of lib.sh', () => {
  const files: Readonly<Record<string, string>> = { ...FUNCTION_FILES, ...PROGRAM_FILES };
  for (const [file, content] of Object.entries(files)) {
    const names = [...`${lib}${content}`.matchAll(/^(\w+)\(\)/gm)].map(([, name]) => name);
    expect([file, names]).toEqual([file, [...new Set(names)]]);
    expect([...functionsOf(content).keys()]).toEqual(
      [...content.matchAll(/^(\w+)\(\)/gm)].map(([, name]) => name),
    );
  }
});

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

it.skipIf(!hasShellcheck)('has no findings of shellcheck, where that is installed', () => {
  const texts = [
    ...Object.entries(FUNCTION_FILES).flatMap(([file, content]) =>
      [...functionsOf(content).keys()].map((name) => text(file as keyof typeof FUNCTION_FILES, name)),
    ),
    ...Object.keys(PROGRAM_FILES).map((file) => guestProgram(file as keyof typeof PROGRAM_FILES)),
  ];
  for (const script of texts)
    expect(spawnSync('dash', ['-n'], { input: script, encoding: 'utf8' }).stderr).toBe('');
  const files = readdirSync(GUEST).filter((name) => name.endsWith('.sh'));
  expect(spawnSync('shellcheck', files, { cwd: GUEST, encoding: 'utf8' }).stdout).toBe('');
});
