import { Option, type Command } from 'commander';
import { asDefaultOf, type Lazily } from './support/registering.js';
import { withLab, withOutput } from './support/flags.js';

const addLooking = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-list.js');
  withOutput(withLab(asDefaultOf(volumes, volumes.command('list', { isDefault: true }))))
    .description('list the volumes, with what belongs to nothing')
    .action(lazily(async () => (await load()).volumesListCommand));
  withOutput(withLab(volumes.command('lint')))
    .description('say which claims will never be served, and why')
    .action(lazily(async () => (await load()).volumesLintCommand));
};

const addFiles = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-files.js');
  withLab(volumes.command('ls'))
    .description('list the files of a claim')
    .argument('<claim[:path]>', 'namespace/claim, and a path in it')
    .action(lazily(async () => (await load()).volumesLsCommand));
  withLab(volumes.command('cat'))
    .description('print a file of a claim')
    .argument('<claim:path>', 'namespace/claim and a path in it')
    .action(lazily(async () => (await load()).volumesCatCommand));
  withLab(volumes.command('cp'))
    .description('copy files and directories into a claim or out of it')
    .argument('<from>', 'a path of this host, or claim:path')
    .argument('<to>', 'a path of this host, or claim:path')
    .action(lazily(async () => (await load()).volumesCpCommand));
};

const addCatalogue = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-catalogue.js');
  withLab(volumes.command('export'))
    .description('print the catalogue of volumes')
    .option('--checksums', 'with the checksums of all files')
    .option('--to <file>', 'write it to a file')
    .action(lazily(async () => (await load()).volumesExportCommand));
  withLab(volumes.command('verify'))
    .description('compare the volumes with an export that has checksums')
    .argument('<file>')
    .action(lazily(async () => (await load()).volumesVerifyCommand));
  withLab(volumes.command('restore'))
    .description('make claims and volumes anew for the data that is there')
    .argument('[claims...]', 'namespace/claim, or the name of the volume')
    .option('--all', 'all data on the volumes')
    .option('--size <size>', 'size of claims of which only the directory is left', '1Gi')
    .option('--verify <file>', 'compare with an export afterwards')
    .action(lazily(async () => (await load()).volumesRestoreCommand));
};

const addQuarantine = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-quarantine.js');
  withLab(volumes.command('delete'))
    .description('delete claims with their volumes; the data can be had back by undo')
    .argument('<names...>', 'claim, volume or directory')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await load()).volumesDeleteCommand));
  withOutput(withLab(volumes.command('quarantine')))
    .description('list what was deleted and can be had back')
    .action(lazily(async () => (await load()).volumesQuarantineCommand));
  withLab(volumes.command('undo'))
    .description('bring back what was deleted: directory, volume and claim')
    .argument('<names...>', 'claim, directory or name in the quarantine')
    .action(lazily(async () => (await load()).volumesUndoCommand));
  withLab(volumes.command('purge'))
    .description('destroy what is in the quarantine')
    .argument('[names...]', 'claim, directory or name in the quarantine')
    .option('--all', 'everything')
    .option('-y, --yes', 'do not ask')
    .action(lazily(async () => (await load()).volumesPurgeCommand));
};

const addMaking = (volumes: Command, lazily: Lazily): void => {
  const load = () => import('./volumes-make.js');
  withLab(volumes.command('create-static'))
    .description('make a volume by hand: directory, volume and claim')
    .argument('<name>', 'name of the volume')
    .requiredOption('--claim <claim>', 'namespace/claim that it is for')
    .requiredOption('--size <size>', 'size, e.g. 5Gi')
    .option('--class <class>', 'a class without provisioner', 'manual')
    .addOption(
      new Option('--mode <mode>', 'access mode')
        .choices(['ReadWriteMany', 'ReadWriteOnce', 'ReadOnlyMany'])
        .default('ReadWriteMany'),
    )
    .option('--directory <name>', "directory on the Gluster volume (default: the volume's name)")
    .option('--volume <volume>', 'Gluster volume (default: the first)')
    .option('--print', 'only print the manifests')
    .action(lazily(async () => (await load()).volumesStaticCommand));
  withLab(volumes.command('limit'))
    .description('change how large a claim may become, where its volume enforces sizes')
    .argument('<claim>')
    .argument('<size>', 'e.g. 512Mi')
    .action(lazily(async () => (await load()).volumesLimitCommand));
};

/** Adds `volumes` and everything below it, `mount` and `umount`. */
export const addVolumes = (program: Command, lazily: Lazily): void => {
  const volumes = program
    .command('volumes')
    .alias('pv')
    .description('volumes that outlive the cluster: list, files, catalogue, restore, quarantine');
  addLooking(volumes, lazily);
  addFiles(volumes, lazily);
  addCatalogue(volumes, lazily);
  addQuarantine(volumes, lazily);
  addMaking(volumes, lazily);
  withLab(program.command('mount'))
    .description('mount a Gluster volume of the lab on this host')
    .argument('<path>', 'an empty directory, made when it is not there')
    .option('--volume <volume>', 'which one (default: the first)')
    .action(lazily(async () => (await import('./mount.js')).mountCommand));
  withLab(program.command('umount'))
    .description('end such mounts')
    .argument('[path]', 'the one to end (default: all)')
    .option('--force', 'even when it is in use')
    .action(lazily(async () => (await import('./mount.js')).umountCommand));
};
