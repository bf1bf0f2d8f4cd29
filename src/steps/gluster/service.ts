import { pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { storageNodes } from '../../config/roles.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';

/** glusterd runs now and starts at boot; Debian's package does neither by itself. */
export const startGlusterd = defineStep<{ readonly machine: string }>({
  kind: 'gluster.service',
  inputs: (config) => storageNodes(config).map(({ machine }) => ({ machine })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Start glusterd on ${machine}`,
  needs: ({ machine }) => [`machines.hosts:${machine}`],
  probe: async ({ machine }, context) => {
    const { stdout } = await context
      .machine(machine)
      .exec(cmd('systemctl', 'show', '-p', 'ActiveState,UnitFileState', 'glusterd.service'), {
        signal: context.signal,
      });
    if (!stdout.includes('ActiveState=active')) return pending('glusterd does not run');
    return stdout.includes('UnitFileState=enabled') ? satisfied : pending('glusterd does not start at boot');
  },
  apply: async ({ machine }, context) => {
    await checked(
      context.machine(machine),
      machine,
      cmd('systemctl', 'enable', '--now', 'glusterd.service'),
      {
        code: 'GLUSTER_FAILED',
        what: `Starting glusterd on ${machine}`,
        hint: `Read the journal of glusterd: kglab exec ${machine} -- journalctl -u glusterd -n 30`,
        signal: context.signal,
      },
    );
  },
});
