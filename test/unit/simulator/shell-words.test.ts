import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cmd } from '../../../src/exec/command.js';
import type { Machine } from '../../../src/machines/provider.js';
import { simMachine } from './sim-machine.js';

const FILES = ['a.txt', 'b.txt', '.hidden', 'sub/c.txt', 'sub/d', 'two words', 'x*y', 'n1', 'n2', '[z]'];
const SHOW = 'show() { printf "%s:" $#; for word in "$@"; do printf " <%s>" "$word"; done; echo; }; ';

/** Snippets run in a directory with FILES; `show` prints each of its arguments. */
const SNIPPETS: readonly string[] = [
  // Field splitting.
  'x=" a  b "; show $x; show "$x"; show c$x"d"',
  'show $(printf " a\\n b\\tc "); show "$(printf "a b")"',
  'x=; show $x; show "$x"; show $x""; show $x$x y',
  'set --; show "$@"; show "$*"; show $@; show a"$@"; show a "$@" b',
  'set -- "a b" "" c; show "$@"; show $@; show "$*"; show $*; show x"$@"y; show "x $@ y"',
  'IFS=:; x=a:b::c; show $x; show "$x"; show p$x"q"',
  'IFS=:; x=:a:; show $x; x=:; show $x; x="a b:c"; show $x',
  'IFS=" :"; x="a : b:c :: d"; show $x; x=" : a"; show $x',
  'IFS=; x="a b"; show $x; set -- "a b" c; show $*; show "$*"',
  'IFS=,; set -- a b "c d"; show "$*"; x="$*"; show "$x"; show $*',
  'unset IFS; x="a  b"; show $x',
  'IFS="|"; x="a|b c|"; show $x; for w in $x; do show "$w"; done',
  'show ${none:-a b} ${none:-"a b"} "${none:-a b}" ${none:-$none} "${none-}"',
  'x="p q"; show ${x:+r s} ${x:+"$x"} ${none:+z} "${none:+z}"; show ${y:=m n}; show "$y"',
  'x=a.b.c; show ${x%.*} ${x%%.*} ${x#*.} ${x##*.} "${x%.*}" "${x%".*"}"',
  'x="a*b*c"; show "${x%"*"*}" "${x%\\**}" "${x#a"*"}"; p="*"; show "${x%$p}" "${x%"$p"*}"',
  'x="a b"; y=$x; show "$y"; y=$(echo "c  d"); show "$y"; y=$x*; show "$y"',
  'x="1 2"; show $((${#x} + 1)) $(( $(echo 2) * 3 )); n=4; show $((n - 1)) $(($n%3)) $((-n + 10))',
  // File names.
  'show *',
  'show *.txt ?.txt [ab].txt [!a].txt n[0-9] n[[:digit:]] [a-b]*',
  'show "*" \\* \'*\' "*".txt *".txt" \\*.txt a"*"',
  'show .* .h* ./* ./*.txt',
  'show */* sub/* sub/*.txt s*/c* */ none/* sub//d*',
  'show *.none none? [ [] x[ "x*"* x\\** \\[z] "[z]" [[]z]',
  'x="*.txt"; show $x; show "$x"; y=$x; show "$y"; for w in $x; do show "$w"; done',
  'show $(echo "*.txt" "n?"); show "$(echo "*.txt")"',
  'x="two*"; show $x; for w in two*; do show "$w"; done',
  'x="a* n*"; show $x; IFS=:; show $x; x="a*:n*"; show $x',
  'set -f; show *; x="*.txt q"; show $x; set +f; show $x',
  'set -f; IFS="|"; x="a|*|b c"; show $x',
  'show ${none:-*.txt} "${none:-*.txt}" ${none:-"*.txt"}',
  'set -- "*.txt" "n*"; show $@; show $*; show "$@"; show "$*"',
  'x="x\\*y"; show $x; x="*"; show "$x"*; show x$x',
  'cd sub; show *; show ../*.txt; show $PWD/*.none',
  'x=*.txt; show "$x"; echo $x; case $x in "*.txt") echo plain ;; esac',
  'show auth.allow * b; line="auth.allow * b"; show $line; show "$line"',
  // Patterns of case.
  'for w in a.txt "*" "a*b" "[z]" z; do case $w in "*") echo star ;; a"*"b) echo mid ;; [z]) echo z ;; "[z]") echo br ;; *.txt) echo t ;; esac; done',
  'p="*.txt"; case a.txt in "$p") echo quoted ;; $p) echo open ;; esac',
  'file=/x/limit.a; case $file in *.failed | *"*"*) echo skip ;; *) echo take ;; esac',
  'list=" a b "; case "$list" in *" b "*) echo in ;; esac; case $list in *" c "*) ;; *) echo out ;; esac',
  // read.
  'printf "a|b c|d|e\\n" | { IFS="|" read -r x _ y; show "$x" "$y"; }',
  'printf "a||b|\\n" | { IFS="|" read -r x y z w; show "$x" "$y" "$z" "$w"; }',
  'printf " a  b  c \\n" | { read -r x y; show "$x" "$y"; }; printf " a b \\n" | { IFS= read -r x; show "$x"; }',
  'printf "x:y:\\nx:y:z:\\nx::\\n:\\n" | while IFS=: read -r a b; do show "$a" "$b"; done',
  'printf "one\\ntwo" | { while read -r l; do show "$l"; done; show "$l"; }',
  'printf "a b\\n" | { IFS=: read -r x; show "$x"; y="a b"; show $y; }',
  // Assignments before commands.
  'x=1 true; show "$x"; x=2 :; show "$x"; x=3; x=4 sh -c "echo \\$x"; show "$x"',
  'x=1; sh -c "echo [\\$x]"; export x; sh -c "echo [\\$x]"',
  'false; x=1; echo $?; x=$(false); echo $?; x=1 y=$x; show "$y"; true $(false); echo $?',
  'f() { local x; x=2; show "$x"; }; x=1; f; show "$x"',
  // Loops and redirections of whole commands.
  'for w in a b; do echo "$w"; done >out; cat out; while read -r l; do show "$l"; done <out; if cat; then :; fi <out; case x in x) cat ;; esac <out; rm out',
  'while false; do :; done; echo $?; for w in a; do false; done; echo $?; for w in a b; do break; done; echo $?',
  'f() { echo a | { read -r x; return 3; }; echo $?; }; f; for w in a b; do (break); echo "$w"; done',
  'f () { show "$@"; }; f a "b c"; (exit 3); echo $?; { false; }; echo $?',
  'x=$(echo out; echo err >&2) 2>/dev/null; show "$x"; echo "a\\tb"; printf "%s|" "a\\tb" c; echo',
  'echo one | { x=$(cat); show "$x"; }; (trap "echo bye" EXIT; echo in); trap "echo end; exit 4" EXIT; echo last',
  'if (true) then echo yes; fi; { { echo in; } }',
  'set -u; (echo ${none}); echo $?; (echo ${none:?no value}) ; echo $?; echo "${none-x}"',
];

const hasShell = existsSync('/bin/sh');

describe.skipIf(!hasShell)('expansion in the simulated shell', () => {
  let folder: string;
  let machine: Machine;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kglab-words-'));
    machine = await simMachine();
    await machine.exec(cmd('mkdir', '-p', `${folder}/sub`));
    await mkdir(join(folder, 'sub'));
    for (const name of FILES) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), '');
      await machine.exec(cmd('touch', join(folder, name)));
    }
    await symlink('nowhere', join(folder, 'dead'));
    await machine.exec(cmd('ln', '-s', 'nowhere', join(folder, 'dead')));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(SNIPPETS)('equals that of the real shell: %s', async (text) => {
    const script = `cd ${folder}; ${SHOW}${text}`;
    const { status, stdout } = spawnSync('/bin/sh', ['-c', script], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    const found = await machine.exec(cmd('sh', '-c', script));
    expect({ exitCode: found.exitCode, stdout: found.stdout }, found.stderr).toEqual({
      exitCode: status,
      stdout,
    });
  });

  it.each([
    ['here-documents', 'cat <<END\nx\nEND'],
    ['backquotes', 'echo `echo x`'],
    ['home directories', 'echo ~/x'],
    ['options of set', 'set -x; echo'],
    ['comparisons in sums', 'echo $((1 < 2))'],
    ['octal numbers in sums', 'echo $((010))'],
    ['quotes inside of quotes', 'echo "${x:-"a"}"'],
    ['words after a command', '(echo x) y'],
    ['closed descriptors', 'echo x 2>&-'],
    ['redirections of the shell itself', 'exec 3>/tmp/x'],
    ['formats of printf', 'printf "%5s" x'],
    ['escapes of printf', 'printf "\\033x"'],
    ['breaking two loops', 'for a in 1; do for b in 1; do break 2; done; done'],
    ['equivalence classes', 'echo [[=a=]]'],
    ['options of read', 'echo x | read -t 1 y'],
    ['backslashes in read without -r', 'printf "a\\\\\\\\b\\n" | { read x; echo "$x"; }'],
    ['options of cd', 'cd -P /'],
    ['empty lists', 'if true; then fi'],
  ])('refuses what it does not know: %s', async (_what, script) => {
    const { exitCode, stderr } = await machine.exec(cmd('sh', '-c', script));
    expect(exitCode).toBe(127);
    expect(stderr).toMatch(/^simulator: unknown syntax/m);
  });
});
