import { join } from 'node:path';

/** Folders of the host that a machine sees as its own, so that these paths are not on its overlay. */
export const OWN_FOLDERS = [
  // containerd refuses an overlay on an overlay.
  { folder: 'rancher', target: '/var/lib/rancher' },
  { folder: 'kubelet', target: '/var/lib/kubelet' },
  // Bricks: plain files on the host's filesystem.
  { folder: 'data', target: '/data' },
] as const;

/** Where a lab's things are on the host. */
export const labPaths = (dataDir: string, lab: string) => {
  const dir = join(dataDir, 'labs', lab);
  return {
    dir,
    owner: join(dir, 'lab.json'),
    network: join(dir, 'network.json'),
    /** The lab's record, as kglab keeps it in its state directory. */
    note: join(dir, 'record.json'),
    /** Who works on the lab, whatever record they go by. */
    lock: join(dir, 'lock'),
    /** Folders that outlive their machines. */
    kept: join(dataDir, 'kept', lab),
    machines: join(dir, 'machines'),
    /** Folders of machines that are being removed: none of them is a machine any more. */
    gone: join(dir, 'gone'),
    machine: (name: string) => machinePaths(join(dir, 'machines', name)),
  } as const;
};

export type LabPaths = ReturnType<typeof labPaths>;

const machinePaths = (dir: string) =>
  ({
    dir,
    /** The record: what the machine is. Written before anything of it is made. */
    record: join(dir, 'machine.json'),
    /** Written when the machine's own files are complete. */
    seeded: join(dir, 'seeded'),
    /** Written by the machine's starter: the boot of the host, and the process that became systemd-nspawn. */
    boot: join(dir, 'boot'),
    log: join(dir, 'console.log'),
    upper: join(dir, 'upper'),
    work: join(dir, 'work'),
    root: join(dir, 'root'),
    own: (folder: string) => join(dir, folder),
  }) as const;

export type MachinePaths = ReturnType<typeof machinePaths>;
