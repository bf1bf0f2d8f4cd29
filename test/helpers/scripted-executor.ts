import type { Command, CommandResult, ExecOptions, Executor } from '../../src/exec/command.js';
import { scriptName } from '../../src/guest/script.js';

/** What a command does: text for stdout, or more of a result. */
export type Reply = string | Partial<CommandResult> | Error;
/** A reply, or one made from the command. */
export type Answer = Reply | ((command: Command, options: ExecOptions) => Reply | Promise<Reply>);

interface Rule {
  readonly match: string | RegExp;
  readonly answers: readonly Answer[];
  used: number;
}

/** A command that was run, and where. */
export interface Call {
  readonly where: string;
  readonly command: Command;
}

/** The words of a command, unquoted. Of a script of src/guest it has the name instead of the text: `sh survey /mnt`. */
export const wordsOf = (command: Command): string => {
  const { file, args } = command;
  return [file, ...(scriptName(command) === undefined ? args : args.slice(2))].join(' ');
};

const fits = (match: string | RegExp, words: string): boolean =>
  typeof match === 'string' ? match === words : match.test(words);

/**
 * Answers commands from a script. A string matches all words of a command, a pattern any part of them; of several matches
 * the one added last counts. Answers are given in turn; the last one is repeated. An unknown command throws an error
 * that lists the known ones.
 */
export class ScriptedExecutor implements Executor {
  private readonly rules: Rule[] = [];

  constructor(
    readonly name: string,
    readonly calls: Call[] = [],
  ) {}

  on(match: string | RegExp, ...answers: readonly Answer[]): this {
    this.rules.unshift({ match, answers: answers.length === 0 ? [''] : answers, used: 0 });
    return this;
  }

  async exec(command: Command, options: ExecOptions = {}): Promise<CommandResult> {
    options.signal?.throwIfAborted();
    this.calls.push({ where: this.name, command });
    for (const word of [command.file, ...command.args])
      if (typeof word !== 'string') throw new TypeError(`a word of a command is ${String(word)}`);
    const words = wordsOf(command);
    const rule = this.rules.find(({ match }) => fits(match, words));
    if (rule === undefined) throw new Error(`${this.name} does not know\n  ${words}\n${this.known()}`);
    const answer = rule.answers[Math.min(rule.used, rule.answers.length - 1)] ?? '';
    rule.used += 1;
    const reply = typeof answer === 'function' ? await answer(command, options) : answer;
    if (reply instanceof Error) throw reply;
    const result = typeof reply === 'string' ? { stdout: reply } : reply;
    return { exitCode: 0, stdout: '', stderr: '', durationMs: 1, ...result };
  }

  private known(): string {
    const lines = this.rules.map(({ match }) => `  ${String(match)}`);
    return lines.length === 0 ? 'It knows nothing.' : ['It knows', ...lines].join('\n');
  }
}
