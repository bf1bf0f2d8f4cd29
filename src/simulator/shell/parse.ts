import type { Node, Redirect, Word } from './ast.js';
import { redirectAt, SyntaxProblem, wordAt, type Source } from './words.js';

const literal = (word: Word | undefined): string | undefined => {
  const [only, ...more] = word ?? [];
  return only?.type === 'text' && !only.quoted && more.length === 0 ? only.text : undefined;
};

const ENDERS = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', '}', 'esac']);
const EMPTY: Node = { type: 'list', items: [] };

class Parser implements Source {
  at = 0;

  constructor(readonly text: string) {}

  nested(): Node {
    return this.list(true);
  }

  whole(): Node {
    const node = this.list(true);
    if (this.at < this.text.length)
      throw new SyntaxProblem(`unexpected …${this.text.slice(this.at, this.at + 20)}`);
    return node;
  }

  private blank(newlines = false): void {
    for (;;) {
      const char = this.text[this.at] ?? '';
      const between = char === '\n' || (char === ';' && this.text[this.at + 1] !== ';');
      if (char === ' ' || char === '\t' || (newlines && between)) this.at += 1;
      else if (char === '\\' && this.text[this.at + 1] === '\n') this.at += 2;
      else if (char === '#') while (this.at < this.text.length && this.text[this.at] !== '\n') this.at += 1;
      else return;
    }
  }

  private take(token: string): boolean {
    this.blank();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  /** The plain word that comes next, without taking it. */
  private peek(): string | undefined {
    this.blank();
    const { at } = this;
    const found = /^[^\s;&|<>()'"$\\]+(?=[\s;&|<>()]|$)/.exec(this.text.slice(at, at + 40))?.[0];
    return found;
  }

  private keyword(word: string): boolean {
    if (this.peek() !== word) return false;
    this.at += word.length;
    return true;
  }

  private need(word: string): void {
    this.blank(true);
    if (!this.keyword(word))
      throw new SyntaxProblem(`"${word}" expected at …${this.text.slice(this.at, this.at + 20)}`);
  }

  private list(mayBeEmpty = false): Node {
    const items: Node[] = [];
    for (;;) {
      this.blank(true);
      const next = this.text[this.at];
      if (next === undefined || next === ')' || this.text.startsWith(';;', this.at)) break;
      if (ENDERS.has(this.peek() ?? '')) break;
      items.push(this.andOr());
      if (this.endOfCommand()) break;
    }
    if (items.length === 0 && !mayBeEmpty) this.missing();
    return items.length === 1 ? (items[0] as Node) : { type: 'list', items };
  }

  private missing(): never {
    throw new SyntaxProblem(`a command is missing at …${this.text.slice(this.at, this.at + 20)}`);
  }

  /** Whether a list ends after a command; throws for what cannot follow one. */
  private endOfCommand(): boolean {
    this.blank();
    const next = this.text[this.at];
    if (this.text.startsWith(';;', this.at)) return true;
    if (next === '&') throw new SyntaxProblem('background jobs are not simulated');
    if (next === undefined || ';\n)'.includes(next)) return false;
    // A reserved word may follow a compound command at once.
    if (ENDERS.has(this.peek() ?? '')) return true;
    throw new SyntaxProblem(`unexpected …${this.text.slice(this.at, this.at + 20)}`);
  }

  private andOr(): Node {
    let left = this.pipeline();
    for (;;) {
      const type = this.take('&&') ? 'and' : this.take('||') ? 'or' : undefined;
      if (type === undefined) return left;
      this.blank(true);
      left = { type, left, right: this.pipeline() };
    }
  }

  private pipeline(): Node {
    const negated = this.keyword('!');
    const commands = [this.command()];
    for (;;) {
      this.blank();
      if (this.text[this.at] !== '|' || this.text[this.at + 1] === '|') break;
      this.at += 1;
      this.blank(true);
      commands.push(this.command());
    }
    return commands.length === 1 && !negated ? (commands[0] as Node) : { type: 'pipe', commands, negated };
  }

  private command(): Node {
    this.blank();
    const body = this.compound();
    if (body === undefined) return this.functionOrSimple();
    const redirects = this.redirects();
    return redirects.length === 0 ? body : { type: 'group', body, subshell: false, redirects };
  }

  private compound(): Node | undefined {
    if (this.keyword('if')) return this.conditional();
    if (this.keyword('while')) return this.loop(false);
    if (this.keyword('until')) return this.loop(true);
    if (this.keyword('for')) return this.each();
    if (this.keyword('case')) return this.choice();
    if (this.keyword('{')) {
      const body = this.list();
      this.need('}');
      return { type: 'group', body, subshell: false, redirects: [] };
    }
    if (this.text[this.at] !== '(') return undefined;
    this.at += 1;
    const body = this.list();
    if (!this.take(')')) throw new SyntaxProblem('a ( is never closed');
    return { type: 'group', body, subshell: true, redirects: [] };
  }

  private functionOrSimple(): Node {
    const name = /^([A-Za-z_]\w*)[ \t]*\([ \t]*\)\s*/.exec(this.text.slice(this.at, this.at + 60));
    if (name === null) return this.simple();
    this.at += name[0].length;
    return { type: 'function', name: name[1] as string, body: this.command() };
  }

  private conditional(): Node {
    const arms = [];
    let otherwise: Node | undefined;
    do {
      const test = this.list();
      this.need('then');
      arms.push({ test, body: this.list() });
      this.blank(true);
    } while (this.keyword('elif'));
    if (this.keyword('else')) otherwise = this.list();
    this.need('fi');
    return { type: 'if', arms, ...(otherwise && { otherwise }) };
  }

  private loop(until: boolean): Node {
    const test = this.list();
    this.need('do');
    const body = this.list();
    this.need('done');
    return { type: 'while', test, body, until };
  }

  private each(): Node {
    this.blank();
    const name = literal(wordAt(this));
    if (name === undefined) throw new SyntaxProblem('the variable of a for is missing');
    const words: Word[] = [];
    const given = this.keyword('in');
    for (;;) {
      this.blank();
      const word = given ? wordAt(this) : undefined;
      if (word === undefined) break;
      words.push(word);
    }
    this.need('do');
    const body = this.list();
    this.need('done');
    return { type: 'for', name, body, ...(given && { words }) };
  }

  private choice(): Node {
    this.blank();
    const word = wordAt(this) ?? [];
    this.need('in');
    const arms = [];
    for (this.blank(true); !this.keyword('esac'); this.blank(true)) {
      this.take('(');
      const patterns: Word[] = [];
      do {
        this.blank();
        patterns.push(wordAt(this) ?? []);
      } while (this.take('|'));
      if (!this.take(')')) throw new SyntaxProblem('a pattern of case lacks its )');
      arms.push({ patterns, body: this.list(true) });
      this.take(';;');
    }
    return { type: 'case', word, arms };
  }

  private redirects(): Redirect[] {
    const found: Redirect[] = [];
    for (;;) {
      this.blank();
      const one = redirectAt(this);
      if (one === undefined) return found;
      found.push(one);
    }
  }

  private simple(): Node {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      const more = this.redirects();
      redirects.push(...more);
      const name = words.length === 0 ? /^([A-Za-z_]\w*)=/.exec(this.text.slice(this.at)) : null;
      if (name !== null) {
        this.at += name[0].length;
        assignments.push({ name: name[1] as string, value: wordAt(this) ?? [] });
        continue;
      }
      const word = wordAt(this);
      if (word !== undefined) words.push(word);
      else if (more.length === 0) break;
    }
    if (words.length + assignments.length + redirects.length === 0) this.missing();
    return { type: 'simple', assignments, words, redirects };
  }
}

const known = new Map<string, Node>();

/** Parses a POSIX shell script, as far as scripts of machines need it. Throws SyntaxProblem. */
export const parseScript = (text: string): Node => {
  const parsed = known.get(text) ?? (text.trim() === '' ? EMPTY : new Parser(text).whole());
  known.set(text, parsed);
  return parsed;
};
