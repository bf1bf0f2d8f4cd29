import { serverMachine } from '../../config/roles.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { CommandError } from '../../exec/command-error.js';
import { sh } from '../../exec/command.js';
import { PATHS } from '../../guest/layout.js';
import { END_PODS } from '../../kube/quiesce.js';

interface Input {
  readonly machine: string;
  /** Where the volumes are mounted. */
  readonly mounts: readonly string[];
}

/**
 * Removes the cluster from a machine: state, identity, mounts, network links and firewall rules, but not the image
 * archives, the configuration and the program. The arguments are the mount points of volumes, which must not be inside
 * the removed folders. The server's state goes first, by a rename, so that it is never half removed.
 */
const CLEAR = `${END_PODS}
for path in "$@"; do case "$path/" in /var/lib/kubelet/*|/var/lib/rancher/*|/run/k3s/*) exit 19;; esac; done
below() { cut -d' ' -f2 /proc/self/mounts | grep -E '^(/run/k3s|/run/netns/cni-|/var/lib/kubelet/|/var/lib/rancher/k3s/)' | sort -ru; }
for path in $(below); do umount "$path" 2>/dev/null || umount -l "$path"; done
[ -z "$(below)" ] || { below >&2; exit 18; }
cd /var/lib/rancher/k3s 2>/dev/null || cd /
if [ "$PWD" = /var/lib/rancher/k3s ]; then
  [ ! -e server ] || { rm -rf gone && mv server gone; }
  find . -mindepth 1 -maxdepth 1 ! -name agent -exec rm -rf --one-file-system {} +
  [ ! -d agent ] || find agent -mindepth 1 -maxdepth 1 ! -name images -exec rm -rf --one-file-system {} +
fi
[ ! -d /var/lib/kubelet ] || find /var/lib/kubelet -mindepth 1 -maxdepth 1 -exec rm -rf --one-file-system {} +
rm -rf --one-file-system /etc/rancher/node /run/k3s /run/flannel /run/netns/cni-* /var/lib/cni /var/log/pods /var/log/containers
for link in cni0 flannel.1 flannel-v6.1 flannel-wg; do ip link delete "$link" 2>/dev/null; done
for tables in iptables ip6tables; do
  command -v $tables-save >/dev/null || continue
  $tables-save 2>/dev/null | grep -v -e KUBE- -e CNI- | grep -iv flannel | $tables-restore 2>/dev/null
done
rm -f "${PATHS.k3sRestart}"
:`;

const STILL_MOUNTED = 18;
const VOLUME_INSIDE = 19;

/** Timeout (milliseconds): unmounting a volume that hangs takes until Gluster gives up. */
const CLEAR_MS = 120_000;

/** Removes the cluster from a machine; the volumes, mounted at `mounts`, are not touched. Throws K3S_FAILED. */
export const clearK3s = async (
  machine: string,
  mounts: readonly string[],
  context: StepContext,
): Promise<void> => {
  const command = sh(CLEAR, ...mounts);
  const options = { signal: context.signal, timeoutMs: CLEAR_MS };
  const result = await context.machine(machine).exec(command, options);
  if (result.exitCode === 0) return;
  if (result.exitCode === VOLUME_INSIDE)
    throw new CliError('K3S_FAILED', `A volume is mounted inside the folders of k3s on ${machine}.`, {
      details: mounts,
      hint: 'Choose another mount point in lab.yaml; nothing was removed.',
    });
  throw new CommandError('K3S_FAILED', machine, command, result, {
    what:
      result.exitCode === STILL_MOUNTED
        ? `Something is still mounted below the folders of k3s on ${machine}, which are left alone; this`
        : `Removing the cluster from ${machine}`,
    hint: `See who holds it: kglab exec ${machine} -- findmnt. Then run the same command again.`,
  });
};

/** Succeeds when the machine has state of a cluster. */
const HAS_STATE =
  '[ -e /etc/rancher/node/password ] || [ -d /var/lib/rancher/k3s/server ] || [ -e /var/lib/rancher/k3s/agent/server-ca.crt ]';

/** The machine has no state of a cluster. Only in the plan of a rebuild, which then makes a new cluster. */
export const resetK3s = defineStep<Input>({
  kind: 'k3s.reset',
  target: ({ machine }) => machine,
  title: ({ machine }) => `Take the cluster off ${machine}`,
  // The server first: k3s.member repairs agents of an old cluster in any later run.
  needs: ({ machine }, config) => {
    const server = serverMachine(config);
    return [`machines.hosts:${machine}`, ...(machine === server ? [] : [`k3s.reset:${server}`])];
  },
  probe: async ({ machine }, context) => {
    const { exitCode } = await context.machine(machine).exec(sh(HAS_STATE), { signal: context.signal });
    return exitCode === 0 ? pending('the cluster is to be built anew') : satisfied;
  },
  apply: ({ machine, mounts }, context) => clearK3s(machine, mounts, context),
});
