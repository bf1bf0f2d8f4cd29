import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { buildProgram } from '../../../src/cli/program.js';

const PAGE = fileURLToPath(new URL('../../../docs/commands.md', import.meta.url));

const HEAD = `# Commands

What \`kglab COMMAND --help\` prints, for every command. The README shows what they are for.
`;

/** A command and all below it, each with its full name. */
const allOf = (command: Command, parent = ''): [string, Command][] => {
  const name = `${parent} ${command.name()}`.trim();
  return [[name, command], ...command.commands.flatMap((one) => allOf(one, name))];
};

const chapter = ([name, command]: [string, Command]): string => {
  // The width of a terminal would show in the page.
  command.configureOutput({ getOutHelpWidth: () => 100, getOutHasColors: () => false });
  return `## ${name}\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\`\n`;
};

// `npx vitest run -u` writes the page anew.
it('has a page with the help of every command', async () => {
  const program = buildProgram({ abort: new AbortController(), verbose: false, exitCode: 0 });
  const page = await format([HEAD, ...allOf(program).map(chapter)].join('\n'), { parser: 'markdown' });
  await expect(page).toMatchFileSnapshot(PAGE);
});
