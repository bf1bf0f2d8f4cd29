// Rules on the tree of sources that neither eslint nor dependency-cruiser can check. Each returns the faults it found.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/** All files below a folder, sorted. */
const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.split('/').includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const sourcesBelow = (folder) => filesBelow(folder).filter((file) => file.endsWith('.ts'));

/** The relative imports of a source file, types, re-exports and dynamic imports included, as [specifier, path]. */
const importsOf = (file) =>
  ts
    .preProcessFile(readFileSync(file, 'utf8'))
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => [specifier, join(dirname(file), specifier)]);

/** For each pair of folders, `from` and `to` joined by a space: the first import that leads from one to the other. */
const folderImports = (src) => {
  const found = new Map();
  for (const file of sourcesBelow(src)) {
    for (const [specifier, target] of importsOf(file)) {
      const pair = `${dirname(file)} ${dirname(target)}`;
      if (dirname(file) !== dirname(target) && !found.has(pair)) found.set(pair, [file, specifier]);
    }
  }
  return found;
};

/** Pairs of folders, nested ones counted on their own, that import each other. */
export const mutualFolders = (src) => {
  const found = folderImports(src);
  const shown = ([file, specifier]) => `${relative(dirname(src), file)} imports ${specifier}`;
  return [...found].flatMap(([pair, one]) => {
    const [from, to] = pair.split(' ');
    const other = found.get(`${to} ${from}`);
    if (other === undefined || from > to) return [];
    const names = [from, to].map((folder) => relative(dirname(src), folder));
    return [`${names.join(' and ')} import each other:\n  ${shown(one)}\n  ${shown(other)}`];
  });
};

/** Lines as eslint counts them. */
const linesOf = (file) => readFileSync(file, 'utf8').trimEnd().split('\n').length;

/** Too many small files: each is one more to open for whoever follows a story. */
export const smallFiles = (src, { lines = 40, most = 60 } = {}) => {
  const small = sourcesBelow(src).filter((file) => linesOf(file) <= lines);
  if (small.length <= most) return [];
  const names = small.map((file) => `  ${relative(dirname(src), file)} (${linesOf(file)})`);
  const rule = `at most ${most} files of ${lines} lines or fewer`;
  return [
    `${small.length} small files, ${rule}: join those that are always read together.\n${names.join('\n')}`,
  ];
};

/** The methods of an interface, when there are more than `most`. A fault, too, when the interface is not in the file. */
export const wideInterface = (file, name, most) => {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const found = source.statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === name);
  if (found === undefined) return [`${file} has no interface ${name}`];
  const isMethod = (member) =>
    ts.isMethodSignature(member) || (member.type !== undefined && ts.isFunctionTypeNode(member.type));
  const methods = found.members.filter(isMethod).map((member) => member.name.getText(source));
  if (methods.length <= most) return [];
  return [`${file}: ${name} has ${methods.length} methods, at most ${most}: ${methods.join(', ')}`];
};

/** Paths below src, test, templates, scripts and docs that a page names in backticks and that do not exist. */
export const missingPaths = (page, root = '.') => {
  const named = readFileSync(page, 'utf8').matchAll(
    /(?<=[`\n])(?:src|test|templates|scripts|docs)\/[\w./-]*(?=[`\s])/g,
  );
  return [...new Set([...named].map(([path]) => path))]
    .filter((path) => !existsSync(join(root, path)))
    .map((path) => `${page} names ${path}, which does not exist`);
};

/** How a script names its shell: by its first line, or, when other scripts source it, by a comment for shellcheck. */
const NAMES_SHELL = /^(#!.*\b(ba|da)?sh\b|# shellcheck shell=)/;

/** Shell scripts below the folders: those that name their shell, and other files that end in .sh. */
export const shellScripts = (...folders) => {
  const files = folders.flatMap(filesBelow);
  const named = files.filter((file) => NAMES_SHELL.test(readFileSync(file, 'latin1')));
  return { named, unnamed: files.filter((file) => file.endsWith('.sh') && !named.includes(file)) };
};
