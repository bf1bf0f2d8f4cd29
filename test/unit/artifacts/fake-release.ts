import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import type { Command, CommandResult, Executor } from '../../../src/exec/command.js';
import type { Arch } from '../../../src/artifacts/release-names.js';

export const VERSION = 'v1.20.2+k3s1';

/** A folder that goes away with the test. */
export const tempDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'kglab-artifacts-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

/** The real host, except that it is of a fixed architecture; remembers what was run. */
export class TestHost implements Executor {
  readonly commands: Command[] = [];
  readonly #real = new HostExecutor();

  constructor(readonly machine = 'x86_64') {}

  async exec(command: Command, options = {}): Promise<CommandResult> {
    this.commands.push(command);
    if (command.file === 'uname')
      return { exitCode: 0, stdout: `${this.machine}\n`, stderr: '', durationMs: 1 };
    return this.#real.exec(command, options);
  }

  runs(file: string): number {
    return this.commands.filter((command) => command.file === file).length;
  }
}

type Members = Readonly<Record<string, unknown>>;

/** Writes a tar with JSON members; `options` are those of tar, e.g. `--zstd`. */
export const writeTar = (path: string, members: Members, ...options: string[]): string => {
  const dir = mkdtempSync(join(tmpdir(), 'kglab-tar-'));
  for (const [name, content] of Object.entries(members))
    writeFileSync(join(dir, name), JSON.stringify(content));
  execFileSync('tar', ['--force-local', ...options, '-cf', path, '-C', dir, ...Object.keys(members)]);
  rmSync(dir, { recursive: true });
  return path;
};

/** A docker-archive with images of these names. */
export const writeImages = (path: string, refs: readonly string[], ...options: string[]): string =>
  writeTar(path, { 'manifest.json': [{ Config: 'c.json', RepoTags: refs, Layers: [] }] }, ...options);

export const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Writes the checksum file over all other files of a folder. */
export const writeSums = (dir: string, arch: Arch = 'amd64'): void => {
  const names = readdirSync(dir).filter((name) => !name.startsWith('sha256sum'));
  const lines = names.map((name) => `${sha256(join(dir, name))}  ${name}\n`);
  writeFileSync(join(dir, `sha256sum-${arch}.txt`), lines.join(''));
};

export interface ReleaseShape {
  readonly version?: string;
  readonly arch?: Arch;
  readonly images?: readonly string[];
  readonly list?: readonly string[];
}

/** A release whose k3s is a shell script, not executable as after a download. */
export const writeRelease = (
  dir: string,
  { version = VERSION, arch = 'amd64', images = ['rancher/mirrored-pause:3.6'], list }: ReleaseShape = {},
): string => {
  mkdirSync(dir, { recursive: true });
  const binary = join(dir, arch === 'amd64' ? 'k3s' : `k3s-${arch}`);
  writeFileSync(binary, `#!/bin/sh\necho 'k3s version ${version} (abc)'\necho 'go version go1.15'\n`);
  writeImages(join(dir, `k3s-airgap-images-${arch}.tar.zst`), images, '--zstd');
  if (list) writeFileSync(join(dir, 'k3s-images.txt'), `${list.join('\n')}\n`);
  writeSums(dir, arch);
  return dir;
};

/** Every temporary thing left in a cache, at any depth. */
export const leftovers = (cacheDir: string): string[] =>
  readdirSync(cacheDir, { recursive: true })
    .map(String)
    .filter((name) => /\.tmp|(^|\/)(old-|entry)/.test(name));
