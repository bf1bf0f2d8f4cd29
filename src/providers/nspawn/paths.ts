import { join } from 'node:path';

/** Folders of the host that are mounted into a machine, so that these paths are not on its overlay. */
export const OWN_FOLDERS = [
  // containerd refuses an overlay on an overlay.
  { folder: 'rancher', target: '/var/lib/rancher' },
  { folder: 'kubelet', target: '/var/lib/kubelet' },
  // Bricks: plain files on the host's filesystem.
  { folder: 'data', target: '/data' },
] as const;

/** Paths of a lab on the host. */
export const labPaths = (dataDir: string, lab: string) => {
  const dir = join(dataDir, 'labs', lab);
  return {
    dir,
    owner: join(dir, 'lab.json'),
    network: join(dir, 'network.json'),
    /** The lab's record, as kglab keeps it in its state directory. */
    note: join(dir, 'record.json'),
    /** Lock file of the lab, shared by all users. */
    lock: join(dir, 'lock'),
    /** Kept data of removed machines. */
    kept: join(dataDir, 'kept', lab),
    machines: join(dir, 'machines'),
    /** Folders of machines that are being removed; they do not count as machines. */
    gone: join(dir, 'gone'),
    machine: (name: string) => machinePaths(join(dir, 'machines', name)),
  } as const;
};

export type LabPaths = ReturnType<typeof labPaths>;

const machinePaths = (dir: string) =>
  ({
    dir,
    /** The machine's record, written before anything else of it. */
    record: join(dir, 'machine.json'),
    /** Exists when the machine's files are complete. */
    seeded: join(dir, 'seeded'),
    /** Boot id of the host and process id of systemd-nspawn, written by the script that starts it. */
    boot: join(dir, 'boot'),
    log: join(dir, 'console.log'),
    upper: join(dir, 'upper'),
    work: join(dir, 'work'),
    root: join(dir, 'root'),
    own: (folder: string) => join(dir, folder),
  }) as const;

export type MachinePaths = ReturnType<typeof machinePaths>;
