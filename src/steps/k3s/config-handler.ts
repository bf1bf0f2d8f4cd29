import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { sh } from '../../exec/command.js';
import { writeFile } from '../../exec/files.js';
import type { NodeSpec } from '../../engine/kinds.js';
import { sha256 } from '../../util/checksum.js';
import { machineInfo } from '../../engine/machine-info.js';
import { PATHS, unitOf } from '../../guest/paths.js';
import { renderK3sConfig, renderK3sUnit, type NodeFacts } from './render.js';

/** Prints the interface that carries address $1, `v1` or `v2`, then the checksums of the files $2 and $3. */
const LOOK = `
ip -o -4 addr show | while read -r _ iface _ cidr _; do [ "\${cidr%/*}" = "$1" ] && echo "iface $iface"; done
[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] && echo "cgroup v2" || echo "cgroup v1"
sha256sum "$2" "$3" 2>/dev/null
:`;

interface Look {
  readonly facts: NodeFacts;
  readonly sums: string;
}

const look = async (node: NodeSpec, context: StepContext): Promise<Look> => {
  const { address = '' } = (await machineInfo(node.machine, context)) ?? {};
  const { stdout } = await checked(
    context.machine(node.machine),
    node.machine,
    sh(LOOK, address, PATHS.k3sConfig, unitPath(node)),
    {
      code: 'K3S_FAILED',
      what: `Looking at ${node.machine}`,
      signal: context.signal,
    },
  );
  const iface = /^iface (\S+)$/m.exec(stdout)?.[1];
  if (iface === undefined)
    throw new CliError(
      'MACHINE_UNREACHABLE',
      `No interface of ${node.machine} carries its address ${address || '(none)'}.`,
      {
        hint: `See: kglab exec ${node.machine} -- ip addr. Then run \`kglab up\` again.`,
      },
    );
  return { facts: { address, iface, cgroupV1: /^cgroup v1$/m.test(stdout) }, sums: stdout };
};

const unitPath = ({ role }: NodeSpec): string => `/etc/systemd/system/${unitOf(role)}.service`;

const texts = (node: NodeSpec, facts: NodeFacts, context: StepContext): { config: string; unit: string } => ({
  config: renderK3sConfig(node, facts, context.token, context.artifacts.version),
  unit: renderK3sUnit(context.templates['k3s.service'] ?? '', node),
});

/** config.yaml (0600, it holds the token) and the unit. Compared by checksum, so that the token is never read back. */
export const configHandler: StepHandler<'k3s.config'> = {
  probe: async ({ node }, context) => {
    const { facts, sums } = await look(node, context);
    const { config, unit } = texts(node, facts, context);
    if (!sums.includes(sha256(config))) return pending('its config.yaml is not that of this lab');
    return sums.includes(sha256(unit)) ? satisfied : pending('its unit is not that of this lab');
  },
  apply: async ({ node }, context) => {
    const { facts } = await look(node, context);
    const { config, unit } = texts(node, facts, context);
    const { signal } = context;
    const machine = context.machine(node.machine);
    // Noted before the files change, whatever k3s does now: one that is just starting has read the old ones, too, and a
    // crash in between must not leave it on them. To restart a stopped one is to start it.
    await checked(machine, node.machine, sh('mkdir -p /etc/rancher/k3s && : > "$1"', PATHS.k3sRestart), {
      code: 'K3S_FAILED',
      what: `Preparing the configuration of ${node.machine}`,
      signal,
    });
    await writeFile(machine, PATHS.k3sConfig, config, { mode: '0600', signal });
    await writeFile(machine, unitPath(node), unit, { mode: '0644', signal });
    await checked(machine, node.machine, sh('systemctl daemon-reload'), {
      code: 'K3S_FAILED',
      what: 'Reloading systemd',
      signal,
    });
  },
};
