import { CliError } from '../../../src/errors/cli-error.js';
import { parseConfig, type ConfigOverrides } from '../../../src/config/parse.js';

/** The problems of a lab file as `line:column: message` (of a flag: `--flag: message`), none when it is accepted. */
export const problemsOf = (text: string, overrides?: ConfigOverrides): readonly string[] => {
  try {
    parseConfig(text, 'lab.yaml', overrides);
    return [];
  } catch (error) {
    if (error instanceof CliError && (error.code === 'CONFIG_INVALID' || error.code === 'USAGE')) {
      return error.details.map((line) => line.replace(/^lab\.yaml:/, ''));
    }
    throw error;
  }
};
