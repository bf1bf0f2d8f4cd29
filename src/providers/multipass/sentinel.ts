/**
 * Lines around the output of a command in a machine tell its result from that of multipass: the exit codes 1, 2 and 255
 * can come from either. Output before BEGIN (a spinner) is not the command's.
 */
const BEGIN = '\u001ekglab-begin';
const END = '\u001ekglab-end';

/**
 * Run by sh in the machine, as root. $1 time limit in seconds (0 = none), $2.. assignments, `--`, the command. When the
 * connection breaks, only this time limit ends the command.
 */
export const WRAPPER = String.raw`
limit=$1; shift
while [ "$1" != -- ]; do export "$1"; shift; done
shift
printf '\036kglab-begin\n'
timeout -k 3 "$limit" "$@"
code=$?
printf '\n\036kglab-end %s\n' "$code"`;

/** Output and exit code of a wrapped command; undefined when a line is missing: the result is unknown. */
export const unwrap = (
  stdout: string,
): { readonly stdout: string; readonly exitCode: number } | undefined => {
  const begin = stdout.indexOf(`${BEGIN}\n`);
  const end = stdout.lastIndexOf(`\n${END} `);
  if (begin < 0 || end < 0) return undefined;
  const code = Number.parseInt(stdout.slice(end + END.length + 2), 10);
  return { stdout: stdout.slice(begin + BEGIN.length + 1, end), exitCode: code };
};

/** Passes on only the lines of the command: not BEGIN and END, nor the empty line before END. */
export const innerLines = (onLine: (line: string) => void): ((line: string) => void) => {
  let held = false;
  return (line) => {
    if (line.endsWith(BEGIN)) return;
    if (held && !line.startsWith(END)) onLine('');
    held = line === '';
    if (!held && !line.startsWith(END)) onLine(line);
  };
};
