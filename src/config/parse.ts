import { CliError } from '../errors/cli-error.js';
import { checkLab } from './check.js';
import type { LabConfig } from './config.js';
import { readDocument, type LabDocument } from './document.js';
import { isFounded, type Path, type Problem } from './problem.js';
import { resolveLab } from './resolve.js';
import { validate } from './validate.js';

/** Flags of the command line that override the lab file. */
export interface ConfigOverrides {
  readonly name?: string;
  readonly provider?: string;
  /** A whole number; anything else is reported with the name of the flag. */
  readonly nodes?: string | number;
}

const FLAGS = { name: '--name', provider: '--provider', nodes: '--nodes' } as const;

const counted = (nodes: string | number): string | number =>
  typeof nodes === 'string' && /^\d+$/.test(nodes) ? Number(nodes) : nodes;

/** Overrides the file's values with flags, before validation. */
const applyOverrides = (
  data: Readonly<Record<string, unknown>>,
  { name, provider, nodes }: ConfigOverrides,
): Record<string, unknown> => ({
  ...data,
  ...(name !== undefined && { name }),
  ...(provider !== undefined && { provider }),
  ...(nodes !== undefined && { nodes: counted(nodes) }),
});

/** The flag that set a value, if any. */
const flagOf = ([key]: Path, overrides: ConfigOverrides): string | undefined => {
  const flag = Object.entries(FLAGS).find(([name]) => name === key);
  return flag !== undefined && overrides[flag[0] as keyof ConfigOverrides] !== undefined
    ? flag[1]
    : undefined;
};

interface Line {
  /** {@link FLAG_LINE} for flags. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Problems of flags come before those of the file. */
const FLAG_LINE = 0;

const lineAt = (line: number, column: number, source: string, message: string): Line => ({
  line,
  column,
  text: `${source}:${line}:${column}: ${message}`,
});

const lineOf = (
  problem: Problem,
  source: string,
  { locate }: LabDocument,
  overrides: ConfigOverrides,
): Line => {
  const flag = flagOf(problem.path, overrides);
  if (flag !== undefined) return { line: FLAG_LINE, column: 0, text: `${flag}: ${problem.message}` };
  const { line, column } = locate(problem.path, problem.atKey);
  return lineAt(line, column, source, problem.message);
};

const invalid = (source: string, lines: readonly Line[]): CliError => {
  const sorted = [...lines].sort((a, b) => a.line - b.line || a.column - b.column);
  const details = [...new Set(sorted.map(({ text }) => text))];
  const count = details.length === 1 ? 'a problem' : `${details.length} problems`;
  if (sorted.every(({ line }) => line === FLAG_LINE))
    return new CliError('USAGE', `The command line has ${count}.`, { details });
  return new CliError('CONFIG_INVALID', `${source} has ${count}.`, {
    details,
  });
};

/**
 * Parses and validates the text of a lab file, with flags in place of its values, and fills in every default. `source`
 * is the file's name in messages. Throws CONFIG_INVALID with all problems, one per line, in the order of the file; USAGE
 * if only flags are wrong.
 */
export const parseConfig = (text: string, source: string, overrides: ConfigOverrides = {}): LabConfig => {
  const document = readDocument(text);
  const syntax = document.problems.map(({ line, column, message }) => lineAt(line, column, source, message));
  const data = applyOverrides(document.data, overrides);
  const { raw, problems, refused } = validate(data);
  const config = resolveLab(raw);
  const spanning = document.isReadable ? checkLab(data, raw, config) : [];
  const found = [...problems, ...spanning.filter((problem) => isFounded(problem, refused))];
  const lines = [...syntax, ...found.map((problem) => lineOf(problem, source, document, overrides))];
  if (lines.length > 0) throw invalid(source, lines);
  return config;
};
