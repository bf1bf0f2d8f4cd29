import { styleText } from 'node:util';
import { CATALOG } from '../../errors/catalog.js';
import { CliError } from '../../errors/cli-error.js';
import { CommandError } from '../../exec/checked.js';
import { NEXT_STEPS } from '../../errors/next-steps.js';

/** Where and how an error is shown. */
export interface ErrorScreen {
  /** Writes to standard error. */
  readonly write: (text: string) => void;
  /** See {@link wantsColour}. */
  readonly colour: boolean;
  /** Shows the stack trace of an unexpected error. */
  readonly verbose: boolean;
  /** The debug log of this run, if there is one. */
  readonly logPath?: string | undefined;
}

type Paint = (style: 'red' | 'bold' | 'dim', text: string) => string;

/** Names of errors that mean "interrupted by the user": an aborted signal, and Ctrl-C at a question. */
const STOPPED = new Set(['AbortError', 'ExitPromptError']);

/** Colour on a terminal only, unless declined (https://no-color.org). */
export const wantsColour = (isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean =>
  isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/** Shows what failed and what to do next; returns the exit code of the process. */
export const showError = (error: unknown, screen: ErrorScreen): number => {
  const paint: Paint = (style, text) =>
    screen.colour ? styleText(style, text, { validateStream: false }) : text;
  const [first, ...others] = causes(error);
  if (isInterruption(first)) {
    screen.write(interrupted(first, screen, paint));
    return CATALOG.INTERRUPTED.exit;
  }
  const lines = [
    ...(first instanceof CliError ? explain(first, paint) : explainBug(first, screen, paint)),
    ...others.flatMap((other) => labelled('also', oneLine(other), paint)),
    ...(screen.logPath === undefined ? [] : labelled('log', screen.logPath, paint)),
  ];
  screen.write(`${lines.join('\n')}\n`);
  return first instanceof CliError ? first.exitCode : CATALOG.BUG.exit;
};

/** The errors in an AggregateError, flattened, without repetitions; without interruptions if anything else failed. */
const causes = (error: unknown): unknown[] => {
  const all = flatten(error);
  const real = all.filter((one) => !isInterruption(one));
  const told = real.length > 0 ? real : all.slice(0, 1);
  return told.filter((one, index) => told.findIndex((other) => oneLine(other) === oneLine(one)) === index);
};

const flatten = (error: unknown): unknown[] =>
  error instanceof AggregateError && error.errors.length > 0 ? error.errors.flatMap(flatten) : [error];

const isInterruption = (error: unknown): boolean =>
  error instanceof CliError
    ? error.code === 'INTERRUPTED'
    : error instanceof Error && STOPPED.has(error.name);

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const oneLine = (error: unknown): string =>
  error instanceof CliError ? `${error.message} [${error.code}]` : message(error);

/** `name: text`, further lines aligned with the first. */
const labelled = (name: string, text: string, paint: Paint): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line, index) => `  ${index === 0 ? paint('bold', `${name}:`.padEnd(9)) : ' '.repeat(9)}${line}`);

const headline = (code: keyof typeof CATALOG, paint: Paint): string =>
  `${paint('red', `✗ ${CATALOG[code].title}`)} ${paint('dim', `[${code}]`)}`;

const explain = (error: CliError, paint: Paint): string[] => {
  const command = commandBehind(error);
  // An error without details shows the output of the command that caused it.
  const evidence = error.details.length > 0 || command === undefined ? error.details : command.details;
  return [
    headline(error.code, paint),
    ...error.message.split('\n').map((line) => `  ${line}`),
    ...evidence.map((line) => paint('dim', `    │ ${line}`)),
    ...(command === undefined ? [] : labelled('command', pasteable(command), paint)),
    ...labelled('next', error.hint ?? NEXT_STEPS[error.code], paint),
  ];
};

const commandBehind = (error: unknown): CommandError | undefined => {
  if (error instanceof CommandError) return error;
  return error instanceof Error && error.cause !== undefined ? commandBehind(error.cause) : undefined;
};

const pasteable = ({ where, pasteable: command }: CommandError): string =>
  where === 'host' ? command : `${command}\n(on ${where})`;

const explainBug = (error: unknown, { verbose }: ErrorScreen, paint: Paint): string[] => {
  const stack = error instanceof Error ? error.stack : undefined;
  return [
    headline('BUG', paint),
    ...message(error)
      .split('\n')
      .map((line) => `  ${line}`),
    ...(verbose && stack !== undefined ? stack.split('\n').map((line) => paint('dim', `    │ ${line}`)) : []),
    ...labelled(
      'next',
      `This is a bug in kglab: please report it${verbose ? '' : ' with the output of --verbose'}.`,
      paint,
    ),
  ];
};

const interrupted = (error: unknown, { logPath }: ErrorScreen, paint: Paint): string => {
  const hint = error instanceof CliError ? (error.hint ?? NEXT_STEPS.INTERRUPTED) : undefined;
  const lines = [
    'Interrupted.',
    ...(hint === undefined ? [] : labelled('next', hint, paint)),
    ...(logPath === undefined ? [] : labelled('log', logPath, paint)),
  ];
  return `${lines.join('\n')}\n`;
};
