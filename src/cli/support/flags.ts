import { Option, type Command } from 'commander';
import { PROVIDER_IDS } from '../../providers/registry.js';

/** Flags that choose a lab; every command that works on one has them. */
export interface LabFlags {
  readonly file?: string;
  readonly name?: string;
  readonly provider?: string;
  readonly nodes?: string;
  readonly progress: 'auto' | 'list' | 'lines' | 'json';
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

export interface OutputFlags {
  readonly output: 'table' | 'json' | 'yaml';
}

const LAB_FILE = 'lab file, or - for standard input (default: lab.yaml here, if there is one)';

/** Adds the flags that choose a lab; `file` describes the lab file. */
export const withLab = (command: Command, file = LAB_FILE): Command =>
  command
    .option('-f, --file <path>', file)
    .option('-n, --name <lab>', 'name of the lab; overrides the lab file')
    .addOption(
      new Option('--progress <mode>', 'how progress is shown, on stderr')
        .choices(['auto', 'list', 'lines', 'json'])
        .default('auto'),
    )
    .option('-v, --verbose', 'show stack traces')
    .option('-q, --quiet', 'show no progress, only results and errors');

/** Adds the flags that shape a new lab. */
export const withShape = (command: Command): Command =>
  command
    .option('--provider <provider>', `${PROVIDER_IDS.join(', ')}; overrides the lab file`)
    .option('--nodes <count>', 'number of nodes; overrides the lab file');

/** Adds `-o`. */
export const withOutput = (command: Command): Command =>
  command.addOption(
    new Option('-o, --output <format>', 'format of the result')
      .choices(['table', 'json', 'yaml'])
      .default('table'),
  );
