import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';

const main = inject('kglab');
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kglab-init-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** What to type when a text shows up on the screen. */
type Reply = readonly [shown: string, typed: string];

/** Runs kglab on a terminal of its own (script(1) makes one) and types the replies in turn. */
const onTerminal = (
  args: readonly string[],
  replies: readonly Reply[],
): Promise<{ screen: string; exitCode: number }> =>
  new Promise((resolve, reject) => {
    const line = ['node', main, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qefc', line, '/dev/null'], {
      cwd: dir,
      env: { ...process.env, XDG_STATE_HOME: dir, TERM: 'xterm', NO_COLOR: '1' },
    });
    const waiting = [...replies];
    let screen = '';
    let seen = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      screen += stripVTControlCharacters(chunk.toString());
      const [next] = waiting;
      const at = next === undefined ? -1 : screen.indexOf(next[0], seen);
      if (next === undefined || at < 0) return;
      seen = at + next[0].length;
      waiting.shift();
      child.stdin.write(next[1]);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ screen, exitCode: code ?? -1 }));
  });

const ENTER = '\r';
const NAME: Reply = ['Name of the lab', `mine${ENTER}`];
const QUESTIONS: readonly Reply[] = [
  NAME,
  ['Which provider?', ENTER],
  ['How many Kubernetes nodes?', ENTER],
  ['Which machines hold the bricks', ENTER],
  ['How is the data stored?', ENTER],
  ['Memory of each', ENTER],
  ['When a claim is deleted', ENTER],
];

describe('kglab init on a terminal', () => {
  it('shows the lab, then writes the answers', async () => {
    const { screen, exitCode } = await onTerminal(['init'], [...QUESTIONS, ['use the internet', ENTER]]);
    expect(screen).toContain('written. Next: kglab up');
    expect(exitCode).toBe(0);
    expect(screen).toContain('Lab mine');
    expect(parseConfig(await readFile(join(dir, 'lab.yaml'), 'utf8'), 'lab.yaml').name).toBe('mine');
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    const { exitCode } = await onTerminal(['init'], [NAME, ['Which provider?', '\u0003']]);
    expect(exitCode).toBe(130);
    expect(await readdir(dir)).toEqual([]);
  });

  it('does not replace a file without confirmation', async () => {
    await writeFile(join(dir, 'lab.yaml'), 'name: before\n');
    const { exitCode } = await onTerminal(
      ['init'],
      [...QUESTIONS, ['use the internet', ENTER], ['Replace it?', ENTER]],
    );
    expect(exitCode).toBe(2);
    expect(await readFile(join(dir, 'lab.yaml'), 'utf8')).toBe('name: before\n');
    expect(await readdir(dir)).toEqual(['lab.yaml']);
  });

  it('asks nothing and replaces nothing with --yes', async () => {
    expect((await onTerminal(['init', '--yes'], [])).exitCode).toBe(0);
    const text = await readFile(join(dir, 'lab.yaml'), 'utf8');
    expect(parseConfig(text, 'lab.yaml').nodes.length).toBeGreaterThan(0);
    expect((await onTerminal(['init', '--yes', '-n', 'other'], [])).exitCode).toBe(2);
    expect(await readFile(join(dir, 'lab.yaml'), 'utf8')).toBe(text);
  });

  it('prints and writes nothing with --print', async () => {
    const { screen } = await onTerminal(['init', '--print', '-n', 'shown'], []);
    expect(parseConfig(screen, 'screen').name).toBe('shown');
    expect(await readdir(dir)).toEqual([]);
  });
});
