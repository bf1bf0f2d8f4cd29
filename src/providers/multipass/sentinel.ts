/**
 * A command's own end is told from multipass' by what stands around its output: the exit codes 1, 2 and 255 mean
 * either. Everything before the first mark (spinner of an instance that had to be started) is not the command's.
 */
const BEGIN = '\u001ekglab-begin';
const END = '\u001ekglab-end';

/**
 * Run by sh in the machine, as root. $1 seconds the command may take (0 = no limit), $2.. assignments, `--`, the
 * command. When the connection breaks, nothing tells the command to end; its own timeout does.
 */
export const WRAPPER = String.raw`
limit=$1; shift
while [ "$1" != -- ]; do export "$1"; shift; done
shift
printf '\036kglab-begin\n'
timeout -k 3 "$limit" "$@"
code=$?
printf '\n\036kglab-end %s\n' "$code"`;

/** What a wrapped command printed and how it ended; undefined when the marks are not there: it was never told. */
export const unwrap = (
  stdout: string,
): { readonly stdout: string; readonly exitCode: number } | undefined => {
  const begin = stdout.indexOf(`${BEGIN}\n`);
  const end = stdout.lastIndexOf(`\n${END} `);
  if (begin < 0 || end < 0) return undefined;
  const code = Number.parseInt(stdout.slice(end + END.length + 2), 10);
  return { stdout: stdout.slice(begin + BEGIN.length + 1, end), exitCode: code };
};

/** Passes on the lines of the command alone: not the marks, nor the empty line that the end mark brings along. */
export const innerLines = (onLine: (line: string) => void): ((line: string) => void) => {
  let held = false;
  return (line) => {
    if (line.endsWith(BEGIN)) return;
    if (held && !line.startsWith(END)) onLine('');
    held = line === '';
    if (!held && !line.startsWith(END)) onLine(line);
  };
};
