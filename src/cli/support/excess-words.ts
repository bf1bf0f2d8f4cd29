import type { Command } from 'commander';

/** Makes a command the one that its group runs alone; a word after the group is then a command that it does not have. */
export const asDefaultOf = (group: Command, command: Command): Command =>
  command.allowExcessArguments().hook('preAction', (_command, { args }) => {
    const [word] = args;
    if (word === undefined) return;
    if (group.args[0] === command.name())
      command.error(`error: too many arguments for '${command.name()}'.`, {
        code: 'commander.excessArguments',
      });
    group.error(`error: unknown command '${word}'`, { code: 'commander.unknownCommand' });
  });

const TOO_MANY = /too many arguments for '([\w-]+)'\. Expected 0 arguments/;

/** What an error of usage says; of a word too many, how a lab is named. */
export const explainUsage = (message: string, named: (command: string) => boolean): string => {
  const [, command] = TOO_MANY.exec(message) ?? [];
  if (command === undefined || !named(command)) return message;
  return `${message.trimEnd()}\nA lab is chosen by its name: kglab ${command} --name NAME\n`;
};
