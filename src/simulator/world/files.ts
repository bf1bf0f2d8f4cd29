import { posix } from 'node:path';
import type { FileNode, SimMachine, SimWorld, Tree } from './world.js';
import {
  brickAt,
  holds,
  isArbiter,
  isListed,
  isThere,
  volumeIsLive,
  noteWrite,
  volumeNamed,
} from './volumes.js';
import { BASE, DIRECTORY, procFiles } from './system-files.js';
import { wakeKeepers } from './keeper-rounds.js';

/** The kernel's error about a file. */
export class FileProblem extends Error {}

/** An absolute path without `.`, `..` or double slashes: the usual case, which needs no resolve. */
const PLAIN = /^(\/[^/.][^/]*)+$/;

/** The tree and key under which a path's file is stored. */
interface Place {
  readonly tree: Tree;
  readonly key: string;
  /** The volume, if the path is on one. */
  readonly volume?: string;
}

/** The files of a machine as its programs see them: its disk and the mounted volumes. */
export class Files {
  constructor(
    private readonly world: SimWorld,
    private readonly machine: SimMachine,
    /** Bind mounts, as in a container: path to real path. */
    private readonly binds: Readonly<Record<string, string>> = {},
    /** The working directory, for relative paths. */
    readonly folder = '/root',
  ) {}

  /** The same files with another working directory. */
  from(folder: string): Files {
    return new Files(this.world, this.machine, this.binds, folder);
  }

  /** The mount point that a path is under, if any. */
  mountOf(path: string): string | undefined {
    const mounts = Object.keys(this.machine.running?.mounts ?? {});
    return mounts
      .filter((mount) => path === mount || path.startsWith(`${mount}/`))
      .sort((a, b) => b.length - a.length)[0];
  }

  get(path: string): FileNode | undefined {
    const found = this.own(path);
    if (found?.kind !== 'link') return found;
    return this.get(posix.resolve(posix.dirname(this.real(path)), found.text));
  }

  /** As `get`, but does not follow a link. */
  own(path: string): FileNode | undefined {
    const { tree, key, volume } = this.place(path);
    if (key.startsWith('/proc/') && volume === undefined && !BASE.has(key))
      return procFiles(this.machine)[key];
    if (volume !== undefined && key !== '' && !isThere(this.world, this.machine, volume, key))
      return undefined;
    if (tree[key] !== undefined || volume !== undefined)
      return tree[key] ?? (key === '' ? DIRECTORY : undefined);
    return BASE.has(key) ? DIRECTORY : this.copy(key);
  }

  read(path: string): string {
    const found = this.get(path);
    if (found === undefined) throw new FileProblem(`${path}: No such file or directory`);
    if (found.kind === 'dir') throw new FileProblem(`${path}: Is a directory`);
    return found.text;
  }

  exists(path: string): boolean {
    return this.get(path) !== undefined;
  }

  isDir(path: string): boolean {
    return this.get(path)?.kind === 'dir';
  }

  write(path: string, text: string, append = false): void {
    const found = this.get(path);
    if (found?.kind === 'dir') throw new FileProblem(`${path}: Is a directory`);
    const before = append ? (found?.text ?? '') : '';
    this.put(path, { mode: '0644', ...found, kind: 'file', text: before + text });
  }

  /** Writes a file, directory or link; its parent must exist. */
  put(path: string, node: FileNode): void {
    const parent = this.get(posix.dirname(this.real(path)));
    if (parent?.kind !== 'dir') throw new FileProblem(`${path}: No such file or directory`);
    const place = this.place(path);
    this.assertChangeable(path, parent, place);
    const isRequest = place.volume !== undefined && place.key.startsWith('/.kglab/requests/');
    place.tree[place.key] = isRequest ? { ...node, mtime: this.world.time } : node;
    this.noted(place);
  }

  /** Changes a file's metadata. */
  change(path: string, change: Partial<FileNode>): void {
    const found = this.get(path);
    if (found === undefined) throw new FileProblem(`${path}: No such file or directory`);
    const { tree, key } = this.place(path);
    tree[key] = { ...found, ...change };
  }

  mkdirs(path: string, mode = '0755'): void {
    const real = this.real(path);
    if (this.isDir(real)) return;
    if (real !== '/') this.mkdirs(posix.dirname(real));
    if (this.own(real) !== undefined) throw new FileProblem(`cannot create directory '${path}': File exists`);
    this.put(real, { ...DIRECTORY, mode });
  }

  names(path: string): readonly string[] {
    const { tree, key, volume } = this.place(path);
    const prefix = key === '/' ? '/' : `${key}/`;
    const known = Object.keys(tree);
    const keys =
      volume === undefined
        ? [...known, ...BASE, ...this.copies(key), ...this.processes(key)]
        : known.filter((one) => isListed(this.world, this.machine, volume, one));
    const direct = keys
      .filter((other) => other.startsWith(prefix) && other !== prefix)
      .map((other) => other.slice(prefix.length).split('/')[0] as string);
    return [...new Set(direct)].sort();
  }

  /** Removes a file or a whole directory; mounts in it stay, because they are busy. */
  remove(path: string): void {
    const real = this.real(path);
    const parent = this.get(posix.dirname(real));
    const place = this.place(real);
    if (parent === undefined) return;
    this.assertChangeable(path, parent, place);
    for (const key of Object.keys(place.tree))
      if (key === place.key || key.startsWith(`${place.key}/`)) delete place.tree[key];
    this.noted(place);
  }

  move(from: string, to: string): void {
    const node = this.own(from);
    if (node === undefined) throw new FileProblem(`cannot stat '${from}': No such file or directory`);
    if (node.kind !== 'dir') {
      this.put(to, node);
      return this.remove(from);
    }
    const source = this.place(from);
    const inside = Object.entries(source.tree).filter(([key]) => key.startsWith(`${source.key}/`));
    this.put(to, node);
    const target = this.place(to);
    for (const [key, child] of inside) target.tree[target.key + key.slice(source.key.length)] = child;
    this.remove(from);
  }

  /** The absolute path without dots, after bind mounts. */
  real(path: string): string {
    const whole = PLAIN.test(path) ? path : posix.resolve(this.folder, path);
    for (const [from, to] of Object.entries(this.binds))
      if (whole === from || whole.startsWith(`${from}/`)) return to + whole.slice(from.length);
    return whole;
  }

  private place(path: string): Place {
    const real = this.real(path);
    const mount = this.mountOf(real);
    if (mount === undefined) return { tree: this.machine.disk, key: real };
    const { volume: name = '', root = '' } = this.machine.running?.mounts[mount] ?? {};
    const volume = volumeNamed(this.world, name);
    if (volume === undefined || !volumeIsLive(this.world, this.machine, volume))
      throw new FileProblem(`${path}: Transport endpoint is not connected`);
    return { tree: volume.files, key: root + real.slice(mount.length), volume: name };
  }

  /** A brick's copy of a file on this machine's disk. */
  private copy(path: string): FileNode | undefined {
    const at = brickAt(this.world, this.machine, path);
    if (at === undefined || !holds(this.world, at.volume, at.brick, at.key)) return undefined;
    const node = at.volume.files[at.key] as FileNode;
    return isArbiter(at.volume, at.brick) ? { ...node, text: '' } : node;
  }

  /** The paths of all files of the brick that a directory of this disk is in. */
  private copies(path: string): readonly string[] {
    const at = brickAt(this.world, this.machine, path);
    if (at === undefined) return [];
    const { volume, brick } = at;
    const own = Object.keys(volume.files).filter(
      (key) => key !== '' && holds(this.world, volume, brick, key),
    );
    return own.map((key) => brick.path + key);
  }

  private processes(path: string): readonly string[] {
    return path === '/proc' || path.startsWith('/proc/') ? Object.keys(procFiles(this.machine)) : [];
  }

  private assertChangeable(path: string, parent: FileNode, { tree, key }: Place): void {
    const isNew = tree[key] === undefined;
    if (parent.immutable || (!isNew && tree[key]?.immutable))
      throw new FileProblem(`${path}: Operation not permitted`);
  }

  private noted({ key, volume }: Place): void {
    if (volume === undefined) return;
    noteWrite(this.world, this.machine, volume, key);
    if (/^\/\.kglab\/(requests|volumes)\//.test(key)) wakeKeepers(this.world, (about) => about === volume);
  }
}
