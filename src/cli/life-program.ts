import { Option, type Command } from 'commander';
import { STAGES } from '../engine/step.js';
import { withLab, withOutput, withShape } from './support/flags.js';
import type { Lazily } from './support/registering.js';

const addMaking = (program: Command, lazily: Lazily): void => {
  withOutput(withShape(withLab(program.command('up'))))
    .description(
      'make the lab: machines, Gluster, k3s, storage, and the proof that it works; repeat it to repair',
    )
    .addOption(new Option('--until <stage>', 'stop after a stage').choices(STAGES))
    .option('--dry-run', 'only say what would be done')
    .option('--merge-kubeconfig', 'add the cluster to the kubeconfig of this user')
    .action(lazily(async () => (await import('./up.js')).upCommand));
  withOutput(withLab(program.command('rebuild')))
    .description('take the lab, one node, or only Kubernetes away and make it anew')
    .option('--k3s-only', 'only the cluster; machines, volumes and the files on them stay')
    .option('--node <name>', 'only this node; what is on its bricks comes from the others')
    .option('--keep-data', 'the content of bricks outlives their machines')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await import('./rebuild.js')).rebuildCommand));
};

const addEnding = (program: Command, lazily: Lazily): void => {
  withOutput(withLab(program.command('down')))
    .description('remove the lab and everything that it made, and certify that')
    .option('--keep-data', 'keep the content of the bricks; the next `up` takes it over')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await import('./down.js')).downCommand));
  withLab(program.command('stop'))
    .description('shut the lab down')
    .option('--force', 'cut the power of its machines')
    .action(lazily(async () => (await import('./power.js')).stopCommand));
  withOutput(withLab(program.command('start')))
    .description('start a lab that is off, and wait until all of it is well')
    .action(lazily(async () => (await import('./power.js')).startCommand));
};

/** Commands that make, change and end a lab. */
export const addLife = (program: Command, lazily: Lazily): void => {
  addMaking(program, lazily);
  addEnding(program, lazily);
  withLab(program.command('protect'))
    .description('have `down` and `rebuild` refuse this lab')
    .action(lazily(async () => (await import('./protect.js')).protectCommand));
  withLab(program.command('unprotect'))
    .description('allow them again')
    .action(lazily(async () => (await import('./protect.js')).unprotectCommand));
  withLab(program.command('logs'))
    .alias('support-bundle')
    .description('collect everything that may explain a failure into one archive, without secrets')
    .option('--to <file>', 'the archive (default: kglab-LAB-TIME.tar.gz here)')
    .action(lazily(async () => (await import('./logs.js')).logsCommand));
};
