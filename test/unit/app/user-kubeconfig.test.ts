import { chmod, lstat, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findContexts,
  forgetContext,
  kubeconfigFiles,
  mergeContext,
} from '../../../src/app/user-kubeconfig.js';
import type { World } from '../../../src/lab/world.js';
import { TestWorld } from '../../helpers/test-world.js';

const HOME_FILE = join(homedir(), '.kube', 'config');

describe('kubeconfigFiles', () => {
  it.each([
    ['no KUBECONFIG', undefined, ':', [HOME_FILE]],
    ['an empty one', '', ':', [HOME_FILE]],
    ['one file', '/a', ':', ['/a']],
    ['empty entries', ':/a::/b:', ':', ['/a', '/b']],
    ['empty entries alone', ':', ':', [HOME_FILE]],
    ['a file named twice', '/a:/b:/a', ':', ['/a', '/b']],
    ['the separator of Windows', 'C:\\a;;D:\\b', ';', ['C:\\a', 'D:\\b']],
  ])('reads %s as kubectl does', (_what, value, separator, files) => {
    expect(kubeconfigFiles({ KUBECONFIG: value }, separator)).toEqual(files);
  });
});

const config = (name: string, current = ''): string => `# ${name}
clusters:
- name: ${name}
users:
- name: ${name}
contexts:
- name: ${name}
current-context: "${current}"
`;

describe('several kubeconfigs', () => {
  let test: TestWorld;
  let world: World;
  let files: readonly string[];
  const [A, B, C] = [0, 1, 2];
  const file = (index: number): string => files[index] ?? '';
  const text = (index: number): Promise<string> => readFile(file(index), 'utf8');

  beforeEach(async () => {
    test = await TestWorld.make();
    files = ['a', 'b', 'c'].map((name) => join(test.base, name));
    world = test.world({ userKubeconfigs: files });
    const lab = test.store.files('demo');
    await lab.write(lab.kubeconfig, config('kglab-demo', 'kglab-demo'));
  });
  afterEach(() => test.close());

  it('merges into the first file that exists', async () => {
    await writeFile(file(B), config('b'));
    await writeFile(file(C), config('c', 'c'));
    expect(await mergeContext('demo', world)).toEqual({ context: 'kglab-demo', path: file(B) });
    expect(parse(await text(B))).toMatchObject({
      clusters: [{ name: 'b' }, { name: 'kglab-demo' }],
      // The next file has a current context, which stays.
      'current-context': '',
    });
    expect(await text(C)).toBe(config('c', 'c'));
    await expect(stat(file(A))).rejects.toThrow('ENOENT');
  });

  it('creates the last file if none exists', async () => {
    expect((await mergeContext('demo', world)).path).toBe(file(C));
    expect(parse(await text(C))).toMatchObject({ 'current-context': 'kglab-demo' });
    expect((await stat(file(C))).mode & 0o777).toBe(0o600);
  });

  it('merges into the file that already has the lab', async () => {
    await writeFile(file(A), config('a'));
    await writeFile(
      file(B),
      config('kglab-demo').replace('- name: kglab-demo', '- name: kglab-demo\n  x: old'),
    );
    expect((await mergeContext('demo', world)).path).toBe(file(B));
    expect(await text(B)).not.toContain('old');
    expect(await text(A)).toBe(config('a'));
  });

  it("ignores the lab's own kubeconfig in KUBECONFIG", async () => {
    world = test.world({ userKubeconfigs: [test.store.files('demo').kubeconfig, file(A)] });
    expect((await mergeContext('demo', world)).path).toBe(file(A));
    expect((await findContexts('demo', world)).files).toEqual([file(A)]);
  });

  it.each([
    ['the file to write to', 0, 'clusters: {}\n', 'KUBECONFIG_INVALID'],
    ['another file', 2, 'users: [}\n', 'KUBECONFIG_INVALID'],
    ['a file of other bytes', 0, Buffer.from([0xff]), 'HOST_UNFIT'],
  ])('merges nothing when %s is not understood', async (_what, index, content, code) => {
    await writeFile(file(A), config('a'));
    await writeFile(file(index), content);
    const before = await readFile(file(A));
    await expect(mergeContext('demo', world)).rejects.toMatchObject({ code });
    expect(await readFile(file(A))).toEqual(before);
    expect(await readFile(file(index))).toEqual(Buffer.from(content));
  });

  it('finds the lab in every file, and names files that cannot be parsed', async () => {
    await writeFile(file(A), config('kglab-demo'));
    await writeFile(file(B), 'clusters: {}\n');
    await writeFile(file(C), config('c', 'kglab-demo'));
    const found = await findContexts('demo', world);
    expect(found.files).toEqual([file(A), file(C)]);
    expect(found.unsure).toEqual([
      {
        what: `kglab-demo may still be in ${file(B)}, which kglab cannot read`,
        why: [
          `kglab cannot read ${file(B)} as a kubeconfig; ${file(B)} was not changed.`,
          `    ${file(B)}:1:11: clusters must be a list`,
          '    Correct the file, then:',
          `      kubectl config delete-context kglab-demo --kubeconfig ${file(B)}`,
          `      kubectl config delete-cluster kglab-demo --kubeconfig ${file(B)}`,
          `      kubectl config delete-user kglab-demo --kubeconfig ${file(B)}`,
        ].join('\n'),
      },
    ]);
    for (const path of found.files) await forgetContext('demo', path);
    expect(await text(C)).toBe(config('c', ''));
    expect((await findContexts('demo', world)).files).toEqual([]);
  });

  it('says how to remove the lab by hand if kglab cannot', async () => {
    await writeFile(file(A), 'x: &x [{ name: kglab-demo }]\nusers: *x\n');
    await expect(forgetContext('demo', file(A))).rejects.toThrow('kubectl config delete-context kglab-demo');
  });

  it.each([
    ['a link', async (path: string) => writeFile(path, config('a'))],
    ['a link to nothing', () => Promise.resolve()],
  ])('leaves %s one, and writes to what it leads to', async (_what, make) => {
    await mkdir(join(test.base, 'dotfiles'));
    const real = join(test.base, 'dotfiles', 'kube');
    await make(real);
    await symlink('dotfiles/kube', file(A));
    world = test.world({ userKubeconfigs: [file(A)] });
    await mergeContext('demo', world);
    expect((await lstat(file(A))).isSymbolicLink()).toBe(true);
    expect(await readlink(file(A))).toBe('dotfiles/kube');
    expect(await readFile(real, 'utf8')).toContain('kglab-demo');
    await forgetContext('demo', file(A));
    expect(await readFile(real, 'utf8')).not.toContain('kglab-demo');
    expect((await lstat(file(A))).isSymbolicLink()).toBe(true);
  });

  it('keeps the mode of a file when it removes the lab', async () => {
    await writeFile(file(A), config('kglab-demo'));
    await chmod(file(A), 0o664);
    await forgetContext('demo', file(A));
    expect((await stat(file(A))).mode & 0o777).toBe(0o664);
  });

  it('does not write a file that is up to date', async () => {
    await writeFile(file(A), config('a'));
    await mergeContext('demo', world);
    const { ino, mtimeMs } = await stat(file(A));
    await mergeContext('demo', world);
    expect(await stat(file(A))).toMatchObject({ ino, mtimeMs });
  });
});
