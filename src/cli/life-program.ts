import { Option, type Command } from 'commander';
import { STAGES } from '../engine/step.js';
import { withLab, withOutput, withShape } from './support/flags.js';
import type { Lazily } from './support/registering.js';

const addMaking = (program: Command, lazily: Lazily): void => {
  withOutput(withShape(withLab(program.command('up'))))
    .description('create or repair the lab and run a smoke test')
    .addOption(new Option('--until <stage>', 'stop after a stage').choices(STAGES))
    .option('--dry-run', 'show what would change, change nothing')
    .option('--merge-kubeconfig', 'add the cluster to your kubeconfig')
    .action(lazily(async () => (await import('./up.js')).upCommand));
  withOutput(withLab(program.command('rebuild')))
    .description('remove and recreate the lab, one node or only Kubernetes')
    .option('--k3s-only', 'recreate only Kubernetes; keep machines, volumes and files')
    .option('--node <name>', 'recreate only this node; its bricks are refilled from the other bricks')
    .option('--keep-data', 'keep the old bricks and give them to the new machines')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await import('./rebuild.js')).rebuildCommand));
};

const addEnding = (program: Command, lazily: Lazily): void => {
  withOutput(withLab(program.command('down')))
    .description('remove the lab and list what is left')
    .option('--keep-data', 'keep the bricks; the next `up` uses them')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await import('./down.js')).downCommand));
  withLab(program.command('stop'))
    .description('shut the lab down')
    .option('--force', 'cut the power of the machines')
    .action(lazily(async () => (await import('./power.js')).stopCommand));
  withOutput(withLab(program.command('start')))
    .description('start a stopped lab and wait until it is healthy')
    .action(lazily(async () => (await import('./power.js')).startCommand));
};

/** Adds the commands that create, change and remove a lab. */
export const addLife = (program: Command, lazily: Lazily): void => {
  addMaking(program, lazily);
  addEnding(program, lazily);
  withLab(program.command('protect'))
    .description('make `down` and `rebuild` refuse this lab')
    .action(lazily(async () => (await import('./protect.js')).protectCommand));
  withLab(program.command('unprotect'))
    .description('allow `down` and `rebuild` again')
    .action(lazily(async () => (await import('./protect.js')).unprotectCommand));
  withLab(program.command('logs'))
    .alias('support-bundle')
    .description('collect logs and states into one archive, without secrets')
    .option('--to <file>', 'archive to write (default: kglab-LAB-TIME.tar.gz here)')
    .action(lazily(async () => (await import('./logs.js')).logsCommand));
};
