import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { simMachine } from './sim-machine.js';

/** Scripts with their arguments; output and exit code must equal those of the host's shell. */
const SCRIPTS: readonly (readonly [string, ...string[]])[] = [
  ['echo "$1" $2 "$#"', 'a  b', 'c  d'],
  ['echo \'single $1\' "double $1" \\$1', 'x'],
  ['for word in "$@"; do echo "[$word]"; done', 'one', 'two words', ''],
  ['for word in $1; do echo "[$word]"; done', ' split me  twice '],
  ['x=5; y=$x$x; echo "${y}!" ${#y}'],
  ['echo ${1%/*} ${1##*/} ${1#*/} ${1%%/*}', '10.0.0.1/24/x'],
  ['echo ${none:-default} ${1:-unused} ${1:+set}', 'given'],
  ['echo $((2 + 3 * (4 - 1))) $(( $1 / 2 ))', '9'],
  ['if [ "$1" = yes ]; then echo is; elif [ -n "$1" ]; then echo other; else echo none; fi', 'no'],
  ['if [ "$1" = yes ]; then echo is; else echo none; fi'],
  ['case $1 in a|b) echo ab;; c*) echo c;; *) echo rest;; esac', 'cd'],
  ['case "$1" in */x/*) echo in;; esac', 'a/x/b'],
  ['printf "%s-%s\\n" a b c d'],
  ['printf "a\\nb\\nc\\n" | while read -r line; do echo "<$line>"; done'],
  ['printf "a b c\\n" | { read -r first rest; echo "$first|$rest"; }'],
  ['echo one; echo two >&2; exit 3'],
  ['set -e; false || echo saved; true && echo on; false; echo never'],
  ['set -e; ! true; echo "goes on"; if false; then :; fi; (exit 4); echo never'],
  ['f() { echo "f $1"; return 7; }; f x; echo $?'],
  ['live() { [ "$1" = b ]; }; for p in "$@"; do live "$p" && continue; echo "dead $p"; done', 'a', 'b', 'c'],
  ['false; echo $?; true; echo $?; (exit 9) || echo $?'],
  ['x=$(echo "  a  b "; false); echo "[$x] $?"'],
  ['echo "nested $(echo "in $(echo deep)")"'],
  ['[ 3 -gt 2 ] && [ ! -e /none ] && [ -z "" ] && echo all'],
  ['x=1; while [ $x -le 3 ]; do echo $x; x=$((x + 1)); done'],
  ['for i in 1 2 3; do [ $i = 2 ] && break; echo $i; done; echo after'],
  ['printf "k=v\\nx=y\\n" | grep -v k | cut -d= -f2'],
  ['printf "b\\na\\nb\\n" | sort -u | head -n 1'],
  ['printf "one\\ntwo\\nthree\\n" | tail -n 2 | wc -l | tr -d " "'],
  ['{ echo a; echo b; } | grep -c .'],
  ['echo abc | grep -q b && echo yes || echo no'],
  ['x=outer; (x=inner; echo $x); echo $x'],
  ['! false && echo negated'],
  ['echo "a;b" # a comment\necho "c#d"'],
  ['echo a \\\n  b'],
  [': "unused $1"; echo ${1-unset}'],
  ['set -- x y; echo $1$2; shift; echo $1'],
  ['trap : EXIT; umask 077; echo $?'],
  ['exec echo replaced; echo never'],
  ['command -v no-such-program || echo "not there"'],
  ['cd /etc && echo "$PWD"; cd /no/such || echo "stays in $PWD"'],
];

const real = (script: string, args: readonly string[]) => {
  const { status, stdout } = spawnSync('sh', ['-c', script, 'sh', ...args], { encoding: 'utf8', cwd: '/' });
  return { exitCode: status, stdout };
};

const hasShell = ((): boolean => {
  try {
    execFileSync('sh', ['-c', ':']);
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasShell)('the shell of simulated machines', () => {
  it.each(SCRIPTS)('behaves as the real one: %s', async (text, ...args) => {
    const machine = await simMachine();
    const { exitCode, stdout } = await machine.exec({ file: 'sh', args: ['-c', text, 'sh', ...args] });
    expect({ exitCode, stdout }).toEqual(real(text, args));
  });

  it('redirects into files, appends, and discards', async () => {
    const machine = await simMachine();
    const script =
      'echo a > /root/f; echo b >> /root/f; echo c 2>/dev/null >/dev/null; cat < /root/f; : > /root/g; [ -s /root/g ] || echo empty';
    expect((await machine.exec({ file: 'sh', args: ['-c', script] })).stdout).toBe('a\nb\nempty\n');
  });

  it('refuses a script with background jobs', async () => {
    const machine = await simMachine();
    const { exitCode, stderr } = await machine.exec({ file: 'sh', args: ['-c', 'sleep 1 & echo'] });
    expect(exitCode).toBe(127);
    expect(stderr).toContain('background jobs are not simulated');
  });

  it('gives every shell its own process id', async () => {
    const machine = await simMachine();
    const pid = async (): Promise<string> =>
      (await machine.exec({ file: 'sh', args: ['-c', 'echo $$; echo $$'] })).stdout;
    const [one, other] = [await pid(), await pid()];
    expect(one).toMatch(/^(\d+)\n\1\n$/);
    expect(other).not.toBe(one);
  });
});
