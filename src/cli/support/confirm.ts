import { CliError } from '../../errors/cli-error.js';
import { stderr } from './streams.js';

export interface Confirmation {
  /** Name of the lab, to be typed. */
  readonly name: string;
  /** What is about to happen, a line each. */
  readonly lines: readonly string[];
  /** The command that does it without asking. */
  readonly command: string;
  readonly yes: boolean | undefined;
}

/** Asks for the lab's name before something is lost. Without a terminal, `--yes` is needed. */
export const confirmByName = async ({ name, lines, command, yes }: Confirmation): Promise<void> => {
  if (yes) return;
  const hint = `Say so: ${command} --yes`;
  if (!process.stdin.isTTY)
    throw new CliError('CONFIRMATION_NEEDED', 'This cannot be undone, so it needs a yes.', {
      details: lines,
      hint,
    });
  const { askText } = await import('../../wizard/ask.js');
  stderr.write(`${lines.join('\n')}\n`);
  if ((await askText(`Type the name of the lab to go on (${name}):`)).trim() === name) return;
  throw new CliError('CONFIRMATION_NEEDED', 'The name does not fit; nothing was removed.', { hint });
};

/** Asks before something that cannot be had back. Throws CONFIRMATION_NEEDED without a terminal or a yes. */
export const confirm = async (question: string, details: readonly string[], yes: boolean): Promise<void> => {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new CliError('CONFIRMATION_NEEDED', question, { details, hint: 'Say so: --yes' });
  const { askYes } = await import('../../wizard/ask.js');
  stderr.write(details.map((line) => `  ${line}\n`).join(''));
  if (!(await askYes(question)))
    throw new CliError('CONFIRMATION_NEEDED', 'Nothing was changed.', { hint: 'Say yes, or --yes.' });
};
