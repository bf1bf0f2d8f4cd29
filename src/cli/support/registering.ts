import type { Session } from './session.js';
import type { Command } from 'commander';

/** What a command's file exports: takes the session, the positional arguments and the flags. */
export type Runner<A extends unknown[]> = (session: Session, ...args: A) => Promise<void>;

/** Turns a loader of such a function into the action of a command. */
export type Lazily = <A extends unknown[]>(load: () => Promise<Runner<A>>) => (...args: A) => Promise<void>;

/** Commands are loaded when they run: `kglab version` must not wait for what only `up` needs. */
export const lazilyIn =
  (session: Session): Lazily =>
  (load) =>
  async (...args) => {
    const run = await load();
    await run(session, ...args);
  };

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
