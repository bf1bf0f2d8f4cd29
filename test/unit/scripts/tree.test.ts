import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

type Faults = readonly string[];

/** scripts/ is plain JavaScript, so TypeScript knows no types of it. */
const script: string = fileURLToPath(new URL('../../../scripts/tree.mjs', import.meta.url));
const { missingPaths, mutualFolders, shellScripts, smallFiles, wideInterface } = (await import(script)) as {
  missingPaths: (page: string, root: string) => Faults;
  mutualFolders: (src: string) => Faults;
  smallFiles: (src: string, limits?: { readonly lines?: number; readonly most?: number }) => Faults;
  wideInterface: (file: string, name: string, most: number) => Faults;
  shellScripts: (...folders: string[]) => { readonly named: Faults; readonly unnamed: Faults };
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kglab-tree-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes files below the root; returns the path of its src. */
const tree = (files: Readonly<Record<string, string>>): string => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return join(root, 'src');
};

describe('mutualFolders', () => {
  it('accepts imports that lead one way, files of one folder that share, and packages', () => {
    const src = tree({
      'src/cli/main.ts': "import { a } from './other.js';\nimport { b } from '../app/b.js';\n",
      'src/cli/other.ts': "import 'node:fs';\nimport { Command } from 'commander';\nexport const a = 1;\n",
      'src/app/b.ts': 'export const b = 1;\n',
    });
    expect(mutualFolders(src)).toEqual([]);
  });

  it.each([
    ['a type', "import type { B } from '../b/two.js';"],
    ['a type among values', "import { type B } from '../b/two.js';"],
    ['a type in place', "export type C = import('../b/two.js').B;"],
    ['a re-export', "export { B } from '../b/two.js';"],
    ['a dynamic import', "export const load = () => import('../b/two.js');"],
  ])('names both files when folders import each other through %s', (_, line) => {
    const src = tree({
      'src/a/one.ts': `${line}\n`,
      'src/a/base.ts': 'export const base = 1;\n',
      'src/b/two.ts': 'export type B = 1;\n',
      'src/b/three.ts': "import { base } from '../a/base.js';\nexport const three = base;\n",
    });
    expect(mutualFolders(src)).toEqual([
      'src/a and src/b import each other:\n' +
        '  src/a/one.ts imports ../b/two.js\n' +
        '  src/b/three.ts imports ../a/base.js',
    ]);
  });

  it('counts a folder inside another as a folder of its own', () => {
    const src = tree({
      'src/cli/main.ts': "import './support/flags.js';\n",
      'src/cli/support/flags.ts': "import '../program.js';\n",
      'src/cli/program.ts': '',
    });
    expect(mutualFolders(src)).toEqual([
      expect.stringContaining('src/cli and src/cli/support import each other'),
    ]);
  });
});

describe('smallFiles', () => {
  const files = {
    'src/a.ts': '1\n2\n',
    'src/b/c.ts': '1\n2\n',
    'src/b/d.ts': '1\n2\n3\n',
    'src/e.sh': '1\n',
  };

  it('accepts as many small files as the limit says', () => {
    expect(smallFiles(tree(files), { lines: 2, most: 2 })).toEqual([]);
  });

  it('lists the small files when there are more', () => {
    const [fault] = smallFiles(tree(files), { lines: 2, most: 1 });
    expect(fault).toContain('2 small files, at most 1 files of 2 lines or fewer');
    expect(fault).toMatch(/ {2}src\/a\.ts \(2\)\n {2}src\/b\/c\.ts \(2\)$/);
  });
});

describe('wideInterface', () => {
  const file = (): string =>
    join(
      tree({
        'src/p.ts':
          'export interface P {\n  readonly id: string;\n  list(): void;\n  stop: () => void;\n  start?(): void;\n}\n',
      }),
      'p.ts',
    );

  it('accepts as many methods as the limit says; other properties do not count', () => {
    expect(wideInterface(file(), 'P', 3)).toEqual([]);
  });

  it('lists the methods when there are more', () => {
    expect(wideInterface(file(), 'P', 2)).toEqual([
      expect.stringContaining('P has 3 methods, at most 2: list, stop, start'),
    ]);
  });

  it('says so when the interface is gone', () => {
    expect(wideInterface(file(), 'Q', 2)).toEqual([expect.stringContaining('has no interface Q')]);
  });
});

describe('shellScripts', () => {
  it('finds scripts by a first line that names their shell, or by the end of their name', () => {
    const src = tree({
      'src/guest/keeper.sh': '#!/bin/sh\n',
      'src/guest/keeper': '#!/usr/bin/env bash\n',
      'src/guest/functions.sh': '# shellcheck shell=sh\n',
      'src/guest/lib.sh': '# sourced\n',
      'src/main.ts': '#!/usr/bin/env node\n',
    });
    const guest = (name: string): string => join(src, 'guest', name);
    expect(shellScripts(src)).toEqual({
      named: [guest('functions.sh'), guest('keeper'), guest('keeper.sh')],
      unnamed: [guest('lib.sh')],
    });
  });
});

describe('missingPaths', () => {
  it('names the paths of a page that do not exist', () => {
    const text = 'See `src/a.ts`, `src/b.ts` and `nothing`.\n\nsrc/gone   a folder\nsrc/dir    a folder\n';
    tree({ 'page.md': text, 'src/a.ts': '', 'src/dir/c.ts': '' });
    const page = join(root, 'page.md');
    expect(missingPaths(page, root)).toEqual([
      `${page} names src/b.ts, which does not exist`,
      `${page} names src/gone, which does not exist`,
    ]);
  });
});
