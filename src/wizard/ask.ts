import { confirm, input, select } from '@inquirer/prompts';
import type { Question } from './questions.js';

/** Asks for a line of text on the terminal. Ctrl-C rejects with ExitPromptError. */
export const askText = (message: string): Promise<string> => input({ message }, { output: process.stderr });

/** Asks yes or no on the terminal; Enter means no. */
export const askYes = (message: string): Promise<boolean> =>
  confirm({ message, default: false }, { output: process.stderr });

/** Asks one question of the wizard on the terminal. Ctrl-C rejects with ExitPromptError. */
export const askQuestion = ({ message, kind, fallback, choices = [], refuse }: Question): Promise<string> => {
  const where = { output: process.stderr };
  if (kind === 'choice') {
    const shown = choices.map(({ value, name, why }) => ({ value, name, description: why }));
    return select({ message, default: fallback, choices: shown }, where);
  }
  const validate = (answer: string): true | string => refuse?.(answer) ?? true;
  return input({ message, default: fallback, validate }, where);
};
