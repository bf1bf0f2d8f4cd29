import { parse } from 'yaml';
import { beginStart } from '../programs/systemctl.js';
import { Files } from '../world/files.js';
import { runOn } from '../programs/run-program.js';
import type { JobHandler, Sim } from '../world/sim.js';
import { enabledUnits } from '../world/unit-file.js';
import type { SimMachine } from '../world/world.js';

/** Milliseconds from power-on to: services, the end of cloud-init at a first and a later boot, packages. */
const TIMES = {
  glusterd: 1_500,
  mounts: 2_500,
  others: 3_000,
  first: 8_000,
  later: 3_000,
  packages: 45_000,
} as const;

const RESULT = '/run/cloud-init/result.json';
const FINISHED = '/var/lib/cloud/instance/boot-finished';

interface UserData {
  readonly hostname?: string;
  readonly packages?: readonly string[];
  readonly write_files?: readonly {
    readonly path: string;
    readonly content?: string;
    readonly permissions?: string;
  }[];
  readonly runcmd?: readonly (string | readonly string[])[];
}

const delayOf = (unit: string): number => {
  if (unit === 'glusterd.service') return TIMES.glusterd;
  return unit.endsWith('.mount') ? TIMES.mounts : TIMES.others;
};

/** Boots a machine: empties /run and /tmp and starts the enabled units. */
export const powerOn = (sim: Sim, machine: SimMachine): void => {
  for (const path of Object.keys(machine.disk)) if (/^\/(run|tmp)\//.test(path)) delete machine.disk[path];
  machine.boots += 1;
  machine.running = { boot: machine.boots, units: {}, loaded: {}, mounts: {}, bricks: {} };
  for (const unit of enabledUnits(machine)) sim.schedule(machine, 'boot.unit', delayOf(unit), unit);
  const first = machine.disk[FINISHED] === undefined;
  const data = (parse(machine.spec.userData) ?? {}) as UserData;
  const packages = first && (data.packages?.length ?? 0) > 0 ? TIMES.packages : 0;
  sim.schedule(machine, 'boot.cloud-init', (first ? TIMES.first : TIMES.later) + packages);
};

const firstBoot = async (sim: Sim, machine: SimMachine, data: UserData): Promise<readonly string[]> => {
  const files = new Files(sim.world, machine);
  const errors: string[] = [];
  machine.packages.push(...(data.packages ?? []).filter((name) => !machine.packages.includes(name)));
  for (const { path, content = '', permissions = '0644' } of data.write_files ?? []) {
    files.mkdirs(path.slice(0, path.lastIndexOf('/')) || '/');
    files.put(path, { kind: 'file', text: content, mode: permissions });
  }
  for (const command of data.runcmd ?? []) {
    const argv = typeof command === 'string' ? ['sh', '-c', command] : command;
    const { exitCode, stderr } = await runOn(sim, machine, argv);
    if (exitCode !== 0) errors.push(`runcmd ${argv.join(' ')}: ${stderr.trim()}`);
  }
  return errors;
};

const cloudInit: JobHandler = async (sim, machine) => {
  const files = new Files(sim.world, machine);
  const data = (parse(machine.spec.userData) ?? {}) as UserData;
  const errors = files.exists(FINISHED) ? [] : await firstBoot(sim, machine, data);
  for (const dir of ['/var/lib/cloud/instance', '/run/cloud-init']) files.mkdirs(dir);
  files.write(FINISHED, 'done\n');
  files.write(RESULT, `${JSON.stringify({ v1: { datasource: 'NoCloud', errors } })}\n`);
};

/** Jobs of a boot. */
export const BOOT_JOBS: Readonly<Record<string, JobHandler>> = {
  'boot.unit': (sim, machine, unit) => beginStart(sim, machine, unit),
  'boot.cloud-init': cloudInit,
};
