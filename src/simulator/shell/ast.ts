/** A piece of a word. Quoted pieces are neither split nor globbed. */
export type Part =
  | { readonly type: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly type: 'variable';
      readonly name: string;
      readonly quoted: boolean;
      /** `%`, `%%`, `#`, `##`, `:-`, `-`, `:+`, `+`, `:=`, `=`, `:?`, `?`, or `length`. */
      readonly operator?: string;
      readonly argument?: Word;
    }
  | { readonly type: 'output'; readonly body: Node; readonly quoted: boolean }
  | { readonly type: 'sum'; readonly source: Word; readonly quoted: boolean };

export type Word = readonly Part[];

export interface Redirect {
  readonly descriptor: number;
  readonly operator: '>' | '>>' | '<' | '>&';
  readonly target: Word;
}

/** A shell program as a tree. */
export type Node =
  | {
      readonly type: 'simple';
      readonly assignments: readonly { readonly name: string; readonly value: Word }[];
      readonly words: readonly Word[];
      readonly redirects: readonly Redirect[];
    }
  | { readonly type: 'pipe'; readonly commands: readonly Node[]; readonly negated: boolean }
  | { readonly type: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly type: 'list'; readonly items: readonly Node[] }
  | {
      readonly type: 'group';
      readonly body: Node;
      readonly subshell: boolean;
      readonly redirects: readonly Redirect[];
    }
  | {
      readonly type: 'if';
      readonly arms: readonly { readonly test: Node; readonly body: Node }[];
      readonly otherwise?: Node;
    }
  | { readonly type: 'while'; readonly test: Node; readonly body: Node; readonly until: boolean }
  | { readonly type: 'for'; readonly name: string; readonly words?: readonly Word[]; readonly body: Node }
  | {
      readonly type: 'case';
      readonly word: Word;
      readonly arms: readonly { readonly patterns: readonly Word[]; readonly body: Node }[];
    }
  | { readonly type: 'function'; readonly name: string; readonly body: Node };
