import { kubectl } from '../kube/kubectl.js';
import { cmd, sh, type Command } from '../exec/command.js';

/** A file of the archive and the command that prints its content. */
export interface Evidence {
  readonly file: string;
  readonly command: Command;
}

/** Last lines of each log: failures are at the end. */
const LINES = '4000';

const TAILS = `
for file in $(find "$1" -type f -name '*.log' -size +0 2>/dev/null | sort); do
  echo "==> $file <=="
  tail -n "$2" "$file"
done`;

const CONFIG =
  'for file in /etc/rancher/k3s/*.yaml /etc/kglab/*; do [ -f "$file" ] && echo "==> $file <==" && cat "$file"; done; :';

/** Run on every machine. */
export const MACHINE_EVIDENCE: readonly Evidence[] = [
  { file: 'journal.txt', command: cmd('journalctl', '-b', '--no-pager', '-n', LINES) },
  { file: 'units.txt', command: cmd('systemctl', '--no-pager', 'list-units', '--all') },
  { file: 'failed.txt', command: cmd('systemctl', '--no-pager', '--failed') },
  { file: 'processes.txt', command: cmd('ps', 'axfo', 'pid,ppid,stat,etime,rss,comm,args') },
  { file: 'mounts.txt', command: cmd('cat', '/proc/self/mounts') },
  { file: 'disks.txt', command: cmd('df', '-hT', '-x', 'tmpfs') },
  { file: 'network.txt', command: sh('ip addr; ip route; cat /etc/hosts') },
  {
    file: 'cloud-init.txt',
    command: sh('cloud-init status --long; tail -n 1000 /var/log/cloud-init-output.log'),
  },
  { file: 'kglab.txt', command: sh(CONFIG) },
  { file: 'gluster-logs.txt', command: sh(TAILS, '/var/log/glusterfs', '400') },
  {
    file: 'gluster-peers.txt',
    command: sh('gluster --mode=script pool list; cat /var/lib/glusterd/glusterd.info'),
  },
  { file: 'k3s.txt', command: sh('journalctl --no-pager -n "$1" -u k3s -u k3s-agent', LINES) },
  { file: 'k3s-logs.txt', command: sh(TAILS, '/var/lib/rancher/k3s', '400') },
];

/** Run on the first running storage machine. */
export const GLUSTER_EVIDENCE: readonly Evidence[] = [
  { file: 'volumes.txt', command: cmd('gluster', '--mode=script', 'volume', 'info') },
  { file: 'status.txt', command: cmd('gluster', '--mode=script', 'volume', 'status', 'all', 'detail') },
  {
    file: 'heal.txt',
    command: sh(
      'for volume in $(gluster --mode=script volume list); do gluster volume heal "$volume" info; done',
    ),
  },
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
