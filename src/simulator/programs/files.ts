import { posix } from 'node:path';
import { sha256 } from '../../util/checksum.js';
import { FileProblem } from '../world/files.js';
import { options, UnknownUse, type Call, type Program } from './program.js';

const eachWord = (
  words: readonly string[],
  name: string,
  call: Call,
  body: (word: string) => void,
): number => {
  let code = 0;
  for (const word of words) {
    try {
      body(word);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      call.io.err(`${name}: ${error.message}\n`);
      code = 1;
    }
  }
  return code;
};

const cat: Program = (call) => {
  const { words } = options(call.args);
  if (words.length === 0) call.io.out(call.io.input.rest());
  return eachWord(words, 'cat', call, (path) =>
    call.io.out(path === '-' ? call.io.input.rest() : call.files.read(path)),
  );
};

const mkdir: Program = (call) => {
  const { flags, values, words } = options(call.args, { flags: ['p'], values: ['m'] });
  return eachWord(words, 'mkdir', call, (path) => {
    if (!flags.has('p') && call.files.exists(path))
      throw new FileProblem(`cannot create directory '${path}': File exists`);
    if (!flags.has('p') && !call.files.isDir(posix.dirname(call.files.real(path))))
      throw new FileProblem(`cannot create directory '${path}': No such file or directory`);
    call.files.mkdirs(path, values['m']);
  });
};

const rm: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['r', 'f', 'R', 'one-file-system'] });
  return eachWord(words, 'rm', call, (path) => {
    const found = call.files.own(path);
    if (found === undefined && flags.has('f')) return;
    if (found === undefined) throw new FileProblem(`cannot remove '${path}': No such file or directory`);
    if (found.kind === 'dir' && !flags.has('r') && !flags.has('R'))
      throw new FileProblem(`cannot remove '${path}': Is a directory`);
    call.files.remove(path);
  });
};

const rmdir: Program = (call) =>
  eachWord(options(call.args, { flags: ['ignore-fail-on-non-empty'] }).words, 'rmdir', call, (path) => {
    if (!call.files.isDir(path))
      throw new FileProblem(`failed to remove '${path}': No such file or directory`);
    if (call.machine.running?.mounts[call.files.real(path)])
      throw new FileProblem(`failed to remove '${path}': Device or resource busy`);
    if (call.files.names(path).length > 0)
      throw new FileProblem(`failed to remove '${path}': Directory not empty`);
    call.files.remove(path);
  });

const mv: Program = (call) => {
  const [from = '', to = ''] = options(call.args, { flags: ['f', 'T'] }).words;
  const target =
    call.files.isDir(to) && !call.args.some((arg) => /^-\w*T/.test(arg))
      ? `${to}/${posix.basename(from)}`
      : to;
  return eachWord([from], 'mv', call, () => call.files.move(from, target));
};

const cp: Program = (call) => {
  const [from = '', to = ''] = options(call.args, { flags: ['f', 'T', 'p', 'a'] }).words;
  return eachWord([from], 'cp', call, () => call.files.write(to, call.files.read(from)));
};

const ln: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['s', 'f', 'n', 'T'] });
  const [target = '', path = ''] = words;
  if (!flags.has('s')) throw new UnknownUse('a hard link');
  return eachWord([path], 'ln', call, () => {
    if (call.files.own(path) && !flags.has('f'))
      throw new FileProblem(`failed to create symbolic link '${path}': File exists`);
    call.files.put(path, { kind: 'link', text: target, mode: '0777' });
  });
};

const touch: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['c'] });
  return eachWord(words, 'touch', call, (path) => {
    if (!flags.has('c') || call.files.exists(path)) call.files.write(path, '', true);
  });
};

const chmod: Program = (call) => {
  const [mode = '', ...paths] = options(call.args).words;
  if (!/^\d+$/.test(mode)) throw new UnknownUse(`mode ${mode}`);
  return eachWord(paths, 'chmod', call, (path) => call.files.change(path, { mode }));
};

const chown: Program = (call) => {
  const [owner = '', ...paths] = options(call.args, { flags: ['R'] }).words;
  return eachWord(paths, 'chown', call, (path) => call.files.change(path, { owner }));
};

const ls: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['A', 'a', 'l', '1', 'd'] });
  const long = (path: string, name: string): string => {
    // Names alone need no metadata.
    if (!flags.has('l')) return name;
    const { kind = 'file', mode = '0644' } = call.files.own(path) ?? {};
    return `${kind === 'dir' ? 'd' : '-'}${mode} ${name}`;
  };
  return eachWord(words.length > 0 ? words : ['.'], 'ls', call, (path) => {
    const found = call.files.get(path);
    if (found === undefined) throw new FileProblem(`cannot access '${path}': No such file or directory`);
    if (found.kind !== 'dir' || flags.has('d')) return call.io.out(`${long(path, path)}\n`);
    const hidden = flags.has('A') || flags.has('a');
    const names = call.files.names(path).filter((name) => hidden || !name.startsWith('.'));
    for (const name of names) call.io.out(`${long(`${path}/${name}`, name)}\n`);
  });
};

const verify = (call: Call): number => {
  const lines = call.io.input
    .rest()
    .split('\n')
    .filter((line) => line !== '');
  const bad = lines.filter((line) => {
    const [sum, path = ''] = line.split(/ [ *]/);
    return !call.files.exists(path) || sha256(call.files.read(path)) !== sum;
  });
  for (const line of bad) call.io.out(`${line.slice(66)}: FAILED\n`);
  return bad.length > 0 ? 1 : 0;
};

const sha256sum: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['c', 'quiet', 'status'] });
  if (flags.has('c')) return verify(call);
  return eachWord(words, 'sha256sum', call, (path) =>
    call.io.out(`${sha256(call.files.read(path))}  ${path}\n`),
  );
};

const getfattr: Program = (call) => {
  const { values, flags, words } = options(call.args, {
    flags: ['absolute-names', 'only-values'],
    values: ['n', 'e'],
  });
  if (!flags.has('only-values')) throw new UnknownUse('getfattr without --only-values');
  return eachWord(words, 'getfattr', call, (path) => {
    const value = call.files.get(path)?.xattrs?.[values['n'] ?? ''];
    if (value === undefined) throw new FileProblem(`${path}: ${values['n']}: No such attribute`);
    call.io.out(value);
  });
};

const setfattr: Program = (call) => {
  const { values, words } = options(call.args, { values: ['n', 'v', 'x'] });
  return eachWord(words, 'setfattr', call, (path) => {
    const { [values['x'] ?? '']: _gone, ...kept } = call.files.get(path)?.xattrs ?? {};
    const hex = /^0x((?:[0-9a-f]{2})*)$/i.exec(values['v'] ?? '')?.[1];
    const bytes = (hex?.match(/../g) ?? []).map((pair) => String.fromCharCode(parseInt(pair, 16))).join('');
    const added =
      values['n'] === undefined ? {} : { [values['n']]: hex === undefined ? (values['v'] ?? '') : bytes };
    call.files.change(path, { xattrs: { ...kept, ...added } });
  });
};

const chattr: Program = (call) => {
  const [change = '', ...paths] = call.args;
  if (!/^[+-]i$/.test(change)) throw new UnknownUse(`attribute ${change}`);
  return eachWord(paths, 'chattr', call, (path) => call.files.change(path, { immutable: change === '+i' }));
};

const lsattr: Program = (call) =>
  eachWord(options(call.args, { flags: ['d'] }).words, 'lsattr', call, (path) => {
    const found = call.files.get(path);
    if (found === undefined) throw new FileProblem(`${path}: No such file or directory`);
    call.io.out(`----${found.immutable ? 'i' : '-'}---------e------- ${path}\n`);
  });

/** Programs that work on files. */
export const FILE_PROGRAMS: Readonly<Record<string, Program>> = {
  ...{
    cat,
    mkdir,
    rm,
    rmdir,
    mv,
    cp,
    ln,
    touch,
    chmod,
    chown,
    ls,
    sha256sum,
    getfattr,
    setfattr,
    chattr,
    lsattr,
  },
  dirname: ({ args, io }) => (io.out(`${posix.dirname(options(args).words[0] ?? '')}\n`), 0),
  basename: ({ args, io }) => (io.out(`${posix.basename(options(args).words[0] ?? '')}\n`), 0),
  sync: () => 0,
};
