import { Option, type Command } from 'commander';
import { asDefaultOf, type Lazily } from './support/registering.js';
import { withLab, withOutput } from './support/flags.js';

const addLooking = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-list.js');
  withOutput(withLab(asDefaultOf(volumes, volumes.command('list', { isDefault: true }))))
    .description('list PVs and orphans')
    .action(lazily(async () => (await load()).volumesListCommand));
  withOutput(withLab(volumes.command('lint')))
    .description('list claims that cannot be bound, and why')
    .action(lazily(async () => (await load()).volumesLintCommand));
};

const addFiles = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-files.js');
  withLab(volumes.command('ls'))
    .description('list the files of a claim')
    .argument('<claim[:path]>', 'namespace/claim, optionally with a path in it')
    .action(lazily(async () => (await load()).volumesLsCommand));
  withLab(volumes.command('cat'))
    .description('print a file of a claim')
    .argument('<claim:path>', 'namespace/claim and a path in it')
    .action(lazily(async () => (await load()).volumesCatCommand));
  withLab(volumes.command('cp'))
    .description('copy files and directories into or out of a claim')
    .argument('<from>', 'a path of this host, or claim:path')
    .argument('<to>', 'a path of this host, or claim:path')
    .action(lazily(async () => (await load()).volumesCpCommand));
};

const addCatalogue = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-catalogue.js');
  withLab(volumes.command('export'))
    .description('print the catalogue of PVs')
    .option('--checksums', 'add checksums of all files')
    .option('--to <file>', 'write to a file')
    .action(lazily(async () => (await load()).volumesExportCommand));
  withLab(volumes.command('verify'))
    .description('compare the data with an export that has checksums')
    .argument('<file>', 'output of `volumes export --checksums`')
    .action(lazily(async () => (await load()).volumesVerifyCommand));
  withLab(volumes.command('restore'))
    .description('recreate PVs and claims from data on the volumes')
    .argument('[claims...]', 'namespace/claim, or the name of a PV')
    .option('--all', 'restore everything')
    .option('--size <size>', 'size for claims without a catalogue entry', '1Gi')
    .option('--verify <file>', 'after the restore, compare the data with this export')
    .action(lazily(async () => (await load()).volumesRestoreCommand));
};

const addQuarantine = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-quarantine.js');
  withLab(volumes.command('delete'))
    .description('delete claims and PVs; `undo` brings the data back')
    .argument('<names...>', 'claim, PV or directory')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await load()).volumesDeleteCommand));
  withOutput(withLab(volumes.command('quarantine')))
    .description('list deleted data that can be restored')
    .action(lazily(async () => (await load()).volumesQuarantineCommand));
  withLab(volumes.command('undo'))
    .description('restore deleted data with its PV and claim')
    .argument('<names...>', 'claim, directory or name in the quarantine')
    .action(lazily(async () => (await load()).volumesUndoCommand));
  withLab(volumes.command('purge'))
    .description('delete data in the quarantine for good')
    .argument('[names...]', 'claim, directory or name in the quarantine')
    .option('--all', 'purge everything')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await load()).volumesPurgeCommand));
};

const addMaking = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-make.js');
  withLab(volumes.command('create-static'))
    .description('create a directory, PV and claim')
    .argument('<name>', 'name of the PV')
    .requiredOption('--claim <claim>', 'claim to create (namespace/claim)')
    .requiredOption('--size <size>', 'size, e.g. 5Gi')
    .option('--class <class>', 'StorageClass of the PV; must have no provisioner', 'manual')
    .addOption(
      new Option('--mode <mode>', 'access mode')
        .choices(['ReadWriteMany', 'ReadWriteOnce', 'ReadOnlyMany'])
        .default('ReadWriteMany'),
    )
    .option('--directory <name>', "directory on the Gluster volume (default: the PV's name)")
    .option('--volume <volume>', 'Gluster volume (default: the first)')
    .option('--print', 'only print the manifests')
    .action(lazily(async () => (await load()).volumesStaticCommand));
  withLab(volumes.command('limit'))
    .description('change the quota of a claim')
    .argument('<claim>', 'namespace/claim')
    .argument('<size>', 'e.g. 512Mi')
    .action(lazily(async () => (await load()).volumesLimitCommand));
};

/** Adds `volumes` with its subcommands, `mount` and `umount`. */
export const addVolumes = (program: Command, lazily: Lazily): void => {
  const volumes = program
    .command('volumes')
    .alias('pv')
    .description('manage persistent volumes: list, files, catalogue, restore, quarantine');
  addLooking(volumes, lazily);
  addFiles(volumes, lazily);
  addCatalogue(volumes, lazily);
  addQuarantine(volumes, lazily);
  addMaking(volumes, lazily);
  withLab(program.command('mount'))
    .description('mount a Gluster volume of the lab on this host')
    .argument('<path>', 'an empty directory; created if missing')
    .option('--volume <volume>', 'Gluster volume (default: the first)')
    .action(lazily(async () => (await import('./mount.js')).mountCommand));
  withLab(program.command('umount'))
    .description('unmount volumes from this host')
    .argument('[path]', 'mount point (default: all)')
    .option('--force', 'unmount even if in use')
    .action(lazily(async () => (await import('./mount.js')).umountCommand));
};
