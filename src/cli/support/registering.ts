import type { Session } from './session.js';
import type { Command } from 'commander';

/** A command, as its file exports it: session, positional arguments, flags. */
export type Runner<A extends unknown[]> = (session: Session, ...args: A) => Promise<void>;

/** Turns a function that loads a command into its action. */
export type Lazily = <A extends unknown[]>(load: () => Promise<Runner<A>>) => (...args: A) => Promise<void>;

/** Loads a command when it runs: `kglab version` must not load what only `up` needs. */
export const lazilyIn =
  (session: Session): Lazily =>
  (load) =>
  async (...args) => {
    const run = await load();
    await run(session, ...args);
  };

/** Makes `command` the default of its group; any other word after the group is an unknown command. */
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

/** The text of a usage error; an excess word gets a hint about `--name`, if the command has it. */
export const explainUsage = (message: string, named: (command: string) => boolean): string => {
  const [, command] = TOO_MANY.exec(message) ?? [];
  if (command === undefined || !named(command)) return message;
  return `${message.trimEnd()}\nChoose a lab with --name: kglab ${command} --name NAME\n`;
};
