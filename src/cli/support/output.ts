import { stripVTControlCharacters } from 'node:util';
import type { RunResult } from '../../engine/run-plan.js';

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

const width = (text: string): number => stripVTControlCharacters(text).length;
const pad = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - width(text)));

/** Rows below a header, columns aligned and three spaces apart; ends with a newline. */
export const renderTable = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const lines = [header.map((title) => title.toUpperCase()), ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ''))));
  return lines
    .map((line) =>
      widths
        .map((columns, column) => pad(line[column] ?? '', columns))
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
};

/** An ISO 8601 time for people: `2026-11-29 17:03 UTC`. */
export const readableTime = (iso: string): string => {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
};

/** A size for people: `1.5Mi`. */
export const readableSize = (bytes: number): string => {
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${units[power] ?? ''}`;
};

/** A result as text for stdout: `table` draws it for people, JSON and YAML show the same data to programs. */
export const renderOutput = async (
  format: OutputFormat,
  data: unknown,
  table: () => string,
): Promise<string> => {
  switch (format) {
    case 'table':
      return table();
    case 'json':
      return `${JSON.stringify(data, null, 2)}\n`;
    case 'yaml': {
      // Loaded when asked for: most runs print no YAML.
      const { stringify } = await import('yaml');
      return stringify(data);
    }
  }
};

/** A run as JSON and YAML show it. */
export const summaryOf = (lab: string, provider: string, { changed, results }: RunResult) => ({
  lab,
  provider,
  changed,
  steps: results.map(({ step: { id, title }, outcome, because }) => ({ id, title, outcome, because })),
});
