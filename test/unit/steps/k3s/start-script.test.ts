import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guestScript } from '../../../../src/guest/script.js';

let dir = '';
let mark = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kglab-start-'));
  mark = join(dir, 'k3s.restart');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Runs the script with a systemctl that notes its words, and whether the mark was there, and ends with `exitCode`. */
const run = (exitCode = 0): { status: number | null; log: string[] } => {
  const log = join(dir, 'log');
  const note = `#!/bin/sh\n[ -e "${mark}" ] && m=marked || m=unmarked\necho "$* $m" >> "${log}"\n`;
  writeFileSync(join(dir, 'systemctl'), `${note}case "$*" in *enable*) exit 0;; esac\nexit ${exitCode}\n`);
  chmodSync(join(dir, 'systemctl'), 0o755);
  const env = { ...process.env, PATH: `${dir}:${process.env['PATH']}` };
  const { file, args } = guestScript('k3s.sh', 'start_k3s', 'k3s', mark);
  const { status } = spawnSync(file, args, { env });
  return { status, log: readFileSync(log, 'utf8').trimEnd().split('\n') };
};

describe('the script that starts k3s', () => {
  it('starts k3s when no restart is requested', () => {
    expect(run()).toEqual({
      status: 0,
      log: ['enable -q k3s unmarked', 'reset-failed k3s unmarked', 'start k3s unmarked'],
    });
  });

  it('removes the restart request only after the restart', () => {
    writeFileSync(mark, '');
    expect(run()).toEqual({
      status: 0,
      log: ['enable -q k3s marked', 'reset-failed k3s marked', 'restart k3s marked'],
    });
    expect(existsSync(mark)).toBe(false);
  });

  it('exits with the code of a start that failed', () => {
    writeFileSync(mark, '');
    expect(run(3).status).toBe(3);
  });
});
