import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';

/** How a run of kglab ended. */
export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunKglab {
  /** Standard input; empty and closed without it. */
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user, by setpriv(1). Needs root. */
  readonly uid?: number;
  /** Where stdout goes: to a reader (default), to one that has closed the pipe, or to a full disk (Linux). */
  readonly stdout?: Destination;
  /** Where stderr goes. */
  readonly stderr?: Destination;
  /** Path of the program, when it is not the build that all tests share. */
  readonly main?: string;
}

export type Destination = 'read' | 'closed' | 'full';

/** Node as an open file: the folder that it is in may be closed to other users. */
const NODE = '/proc/self/fd/3';

const become = (uid: number): readonly string[] => [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];

/** The output of a child's stream; empty when it is closed before the child can write. */
const readOf = (stream: Readable | null, destination: Destination): Promise<string> => {
  if (stream !== null && destination === 'read') return text(stream);
  stream?.destroy();
  return Promise.resolve('');
};

/** A temporary home for the program under test: it does not see the user's labs or caches. */
export class Home {
  readonly dir = mkdtempSync(join(tmpdir(), 'kglab-cli-'));
  readonly cwd = this.make('cwd');
  readonly state = join(this.dir, 'state', 'kglab');

  /** A folder in it. */
  make(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A file in the folder that the program is run in. */
  write(name: string, content: string): string {
    const path = join(this.cwd, name);
    writeFileSync(path, content);
    return path;
  }

  /** All files in it, without the folders that the test created. */
  entries(): readonly string[] {
    return readdirSync(this.dir).filter((name) => name !== 'cwd');
  }

  /** Gives the home, with all that is in it, to another user. */
  giveTo(uid: number): void {
    for (const path of ['.', ...readdirSync(this.dir, { recursive: true, encoding: 'utf8' })])
      chownSync(join(this.dir, path), uid, uid);
  }

  async kglab(args: readonly string[], options: RunKglab = {}): Promise<Ran> {
    const { stdin = '', env = {}, uid, main = inject('kglab') } = options;
    const { stdout: out = 'read', stderr: err = 'read' } = options;
    const node = openSync(process.execPath, 'r');
    const full = [out, err].includes('full') ? openSync('/dev/full', 'w') : undefined;
    const [file, ...words] = uid === undefined ? [process.execPath] : ['setpriv', ...become(uid), NODE];
    const child = spawn(file, [...words, main, ...args], {
      cwd: this.cwd,
      env: { ...this.env(), ...env },
      stdio: ['pipe', out === 'full' ? full : 'pipe', err === 'full' ? full : 'pipe', node],
    });
    closeSync(node);
    if (full !== undefined) closeSync(full);
    child.stdin?.on('error', () => undefined).end(stdin);
    const ended = new Promise<number | null>((resolve, reject) =>
      child.on('close', resolve).on('error', reject),
    );
    const [stdout, stderr, exitCode] = await Promise.all([
      readOf(child.stdout, out),
      readOf(child.stderr, err),
      ended,
    ]);
    return { exitCode, stdout, stderr };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  private env(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: join(this.dir, 'home'),
      XDG_STATE_HOME: join(this.dir, 'state'),
      XDG_CACHE_HOME: join(this.dir, 'cache'),
      KGLAB_MACHINES_DIR: join(this.dir, 'machines'),
    };
  }
}
