import { CliError } from '../../errors/cli-error.js';
import { stderr } from './streams.js';

export interface Confirmation {
  /** Name of the lab, which the user types. */
  readonly name: string;
  /** What will happen. */
  readonly lines: readonly string[];
  /** The command to repeat with `--yes`. */
  readonly command: string;
  readonly yes: boolean | undefined;
}

/** Asks for the lab's name before something is lost. Throws CONFIRMATION_NEEDED; without a terminal, `--yes` is needed. */
export const confirmByName = async ({ name, lines, command, yes }: Confirmation): Promise<void> => {
  if (yes) return;
  const hint = `Confirm with --yes: ${command} --yes`;
  if (!process.stdin.isTTY)
    throw new CliError('CONFIRMATION_NEEDED', 'This cannot be undone; confirmation required.', {
      details: lines,
      hint,
    });
  const { askText } = await import('../../wizard/ask.js');
  stderr.write(`${lines.join('\n')}\n`);
  if ((await askText(`Type the name of the lab to continue (${name}):`)).trim() === name) return;
  throw new CliError('CONFIRMATION_NEEDED', 'The name does not match; nothing was removed.', { hint });
};

/** Asks a yes/no question. Throws CONFIRMATION_NEEDED without a terminal or a yes. */
export const confirm = async (question: string, details: readonly string[], yes: boolean): Promise<void> => {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new CliError('CONFIRMATION_NEEDED', question, { details, hint: 'Confirm with --yes' });
  const { askYes } = await import('../../wizard/ask.js');
  stderr.write(details.map((line) => `  ${line}\n`).join(''));
  if (!(await askYes(question)))
    throw new CliError('CONFIRMATION_NEEDED', 'Nothing was changed.', {
      hint: 'To continue, answer yes or add --yes.',
    });
};
