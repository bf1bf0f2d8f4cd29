import { UnknownUse, type Program } from './program.js';
import { FILE_PROGRAMS } from './files.js';
import { find } from './find.js';
import { gluster } from './gluster.js';
import { kubectl } from './kubectl.js';
import { MACHINE_PROGRAMS } from './machine.js';
import { MOUNT_PROGRAMS } from './mounts.js';
import { PROCESS_PROGRAMS } from './processes.js';
import { poweroff, systemctl } from './systemctl.js';
import { TEST_PROGRAMS } from './test.js';
import { TEXT_PROGRAMS } from './text.js';

const k3s: Program = (call) => {
  const [verb = '', ...args] = call.args;
  if (verb !== 'kubectl' && verb !== 'ctr') throw new UnknownUse(`k3s ${verb}`);
  return call.run([verb, ...args]);
};

/** Process id of the first container; the value does not matter. */
const FIRST_TASK = 2000;

/** ctr(8) of k3s: the tasks of containerd, which runs while k3s runs. */
const ctr: Program = ({ args, io, machine }) => {
  if (args.join(' ') !== 'tasks list') throw new UnknownUse(`ctr ${args.join(' ')}`);
  const isUp = ['k3s', 'k3s-agent'].some(
    (name) => machine.running?.units[`${name}.service`]?.state === 'active',
  );
  if (!isUp) {
    io.err('ctr: failed to dial "/run/k3s/containerd/containerd.sock": connection refused\n');
    return 1;
  }
  io.out('TASK    PID    STATUS\n');
  for (const [index, id] of (machine.running?.containers ?? []).entries())
    io.out(`${id}    ${FIRST_TASK + index}    RUNNING\n`);
  return 0;
};

const cloudInit: Program = async ({ args, files, io, sleep }) => {
  if (args[0] !== 'status') throw new UnknownUse(`cloud-init ${args[0]}`);
  const done = (): boolean => files.exists('/run/cloud-init/result.json');
  while (args.includes('--wait') && !done()) await sleep(500);
  io.out(done() ? 'status: done\nerrors: []\n' : 'status: running\n');
  return 0;
};

/** Every program that the simulator knows. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  ...FILE_PROGRAMS,
  ...TEXT_PROGRAMS,
  ...TEST_PROGRAMS,
  ...MACHINE_PROGRAMS,
  ...MOUNT_PROGRAMS,
  ...PROCESS_PROGRAMS,
  ...{ find, gluster, kubectl, ctr, k3s, poweroff, systemctl, 'cloud-init': cloudInit },
};
