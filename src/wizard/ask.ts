import { confirm, input } from '@inquirer/prompts';

/** Asks for a line of text on the terminal. Ctrl-C rejects with ExitPromptError. */
export const askText = (message: string): Promise<string> => input({ message }, { output: process.stderr });

/** Asks yes or no on the terminal; Enter means no. */
export const askYes = (message: string): Promise<boolean> =>
  confirm({ message, default: false }, { output: process.stderr });
