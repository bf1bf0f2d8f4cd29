import { kubectl } from '../kube/kubectl.js';
import { cmd, type Command } from '../exec/command.js';
import { guestScript } from '../guest/script.js';

/** A file of the archive and the command that prints its content. */
export interface Evidence {
  readonly file: string;
  readonly command: Command;
}

/** Last lines of each log: failures are at the end. */
const LINES = '4000';

/** Run on every machine. */
export const MACHINE_EVIDENCE: readonly Evidence[] = [
  { file: 'journal.txt', command: cmd('journalctl', '-b', '--no-pager', '-n', LINES) },
  { file: 'units.txt', command: cmd('systemctl', '--no-pager', 'list-units', '--all') },
  { file: 'failed.txt', command: cmd('systemctl', '--no-pager', '--failed') },
  { file: 'processes.txt', command: cmd('ps', 'axfo', 'pid,ppid,stat,etime,rss,comm,args') },
  { file: 'mounts.txt', command: cmd('cat', '/proc/self/mounts') },
  { file: 'disks.txt', command: cmd('df', '-hT', '-x', 'tmpfs') },
  { file: 'network.txt', command: guestScript('evidence.sh', 'network_state') },
  { file: 'cloud-init.txt', command: guestScript('evidence.sh', 'cloud_init_log') },
  { file: 'kglab.txt', command: guestScript('evidence.sh', 'config_files') },
  { file: 'gluster-logs.txt', command: guestScript('evidence.sh', 'log_tails', '/var/log/glusterfs', '400') },
  { file: 'gluster-peers.txt', command: guestScript('evidence.sh', 'gluster_peers') },
  { file: 'k3s.txt', command: cmd('journalctl', '--no-pager', '-n', LINES, '-u', 'k3s', '-u', 'k3s-agent') },
  { file: 'k3s-logs.txt', command: guestScript('evidence.sh', 'log_tails', '/var/lib/rancher/k3s', '400') },
];

/** Run on the first running storage machine. */
export const GLUSTER_EVIDENCE: readonly Evidence[] = [
  { file: 'volumes.txt', command: cmd('gluster', '--mode=script', 'volume', 'info') },
  { file: 'status.txt', command: cmd('gluster', '--mode=script', 'volume', 'status', 'all', 'detail') },
  { file: 'heal.txt', command: guestScript('evidence.sh', 'pending_heals') },
];

/** Run on the server. */
export const CLUSTER_EVIDENCE: readonly Evidence[] = [
  {
    file: 'objects.txt',
    command: kubectl('get', 'nodes,pods,pvc,pv,sc,deployments,jobs', '-A', '-o', 'wide'),
  },
  { file: 'events.txt', command: kubectl('get', 'events', '-A', '--sort-by=.lastTimestamp') },
  { file: 'nodes.txt', command: kubectl('describe', 'nodes') },
  { file: 'pods.txt', command: kubectl('describe', 'pods', '-A') },
];
