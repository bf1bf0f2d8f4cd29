import { startGlusterd, stopGlusterd } from '../gluster/glusterd.js';
import { leaveCluster, noteSeen } from '../kube/nodes.js';
import { KEEPER } from '../world/keeper-rounds.js';
import { startMount, stopMount } from '../gluster/mounting.js';
import { options, UnknownUse, type Call, type Options, type Program } from './program.js';
import type { JobHandler, Sim } from '../world/sim.js';
import {
  loadedUnit,
  log,
  reloadUnits,
  unitFullName,
  unitPath,
  unitText,
  unitValues,
  wantsLink,
} from '../world/unit-file.js';
import type { SimMachine, UnitState } from '../world/world.js';

/** Deadline for the start of a unit (milliseconds); k3s's unit has none of its own. */
const START_MS = 600_000;

/** From the start of the keeper's unit to its first round (milliseconds). */
const KEEPER_MS = 100;

const stateOf = ({ running }: SimMachine, unit: string): UnitState =>
  running?.units[unit] ?? { state: 'inactive', restarts: 0 };

/** Starts a unit; jobs do the rest. */
export const beginStart = (sim: Sim, machine: SimMachine, unit: string): void => {
  const { running } = machine;
  if (running === undefined || loadedUnit(machine, unit) === undefined) return;
  const { state } = stateOf(machine, unit);
  if (state === 'active' || state === 'activating') return;
  if (unit.endsWith('.mount')) return void startMount(sim, machine, unit);
  if (unit === 'glusterd.service') {
    running.units[unit] = { state: 'active', restarts: 0 };
    startGlusterd(sim, machine);
    return;
  }
  if (/^k3s(-agent)?\.service$/.test(unit)) {
    running.units[unit] = { state: 'activating', restarts: 0 };
    sim.schedule(machine, 'k3s.try', 300, unit);
    return;
  }
  if (unit === KEEPER) {
    running.units[unit] = { state: 'active', restarts: 0 };
    sim.schedule(machine, 'keeper.start', KEEPER_MS, unit);
    return;
  }
  // Other services only have a state.
  const [program = ''] = (unitValues(loadedUnit(machine, unit) ?? '', 'ExecStart')[0] ?? '').split(' ');
  running.units[unit] = { state: machine.disk[program] ? 'active' : 'failed', restarts: 0 };
};

/** Stops a unit. */
export const stopUnit = (sim: Sim, machine: SimMachine, unit: string): void => {
  if (unit.endsWith('.mount')) return stopMount(sim, machine, unit);
  if (unit === 'glusterd.service') stopGlusterd(machine);
  if (unit.startsWith('k3s')) {
    noteSeen(sim.world);
    leaveCluster(sim, machine);
  }
  sim.world.jobs = sim.world.jobs.filter(
    ({ machine: name, about, kind }) =>
      name !== machine.spec.name || (about !== unit && !(unit === KEEPER && kind.startsWith('keeper.'))),
  );
  delete machine.running?.units[unit];
};

/** Cuts the power of a machine. */
export const powerOff = (sim: Sim, machine: SimMachine): void => {
  if (machine.running === undefined) return;
  noteSeen(sim.world);
  leaveCluster(sim, machine);
  machine.running = undefined;
  sim.world.jobs = sim.world.jobs.filter((job) => job.machine !== machine.spec.name);
};

/** How long an orderly shutdown takes (milliseconds). */
export const SHUTDOWN_MS = 1_500;

/** Kind of the job that completes a shutdown. */
const OFF = 'power.off';

/** Whether a machine is shutting down. */
export const isShuttingDown = ({ world }: Sim, { spec }: SimMachine): boolean =>
  world.jobs.some(({ kind, machine }) => kind === OFF && machine === spec.name);

/** Jobs of a shutdown. */
export const POWER_JOBS: Readonly<Record<string, JobHandler>> = { [OFF]: powerOff };

/** `systemctl poweroff`: begins to shut down and returns; with `-f` it cuts the power and does not return. */
const beginPowerOff = async ({ sim, machine, sleep }: Call, { flags }: Options): Promise<number> => {
  if (!flags.has('f') && !flags.has('force')) {
    sim.schedule(machine, OFF, SHUTDOWN_MS);
    return 0;
  }
  powerOff(sim, machine);
  // Sleeping on a machine without power throws.
  await sleep(0);
  return 0;
};

/** poweroff(8) */
export const poweroff: Program = (call) => {
  const given = options(call.args, { flags: ['f', 'force'] });
  if (given.words.length > 0) throw new UnknownUse(`poweroff ${given.words.join(' ')}`);
  return beginPowerOff(call, given);
};

const awaitStart = async (call: Call, unit: string): Promise<number> => {
  const end = call.sim.now + START_MS;
  while (stateOf(call.machine, unit).state === 'activating' && call.sim.now < end) {
    await call.sleep(500);
    if (stateOf(call.machine, unit).restarts > 0) break;
  }
  if (stateOf(call.machine, unit).state === 'active') return 0;
  call.io.err(`Job for ${unit} failed. See "journalctl -xeu ${unit}" for details.\n`);
  return 1;
};

const start = async (call: Call, unit: string, { flags }: Options): Promise<number> => {
  if (loadedUnit(call.machine, unit) === undefined) {
    call.io.err(`Failed to start ${unit}: Unit ${unit} not found.\n`);
    return 5;
  }
  await call.sleep(unit.endsWith('.mount') ? 900 : 200);
  beginStart(call.sim, call.machine, unit);
  return flags.has('no-block') ? 0 : awaitStart(call, unit);
};

const enable = async (call: Call, unit: string, given: Options): Promise<number> => {
  const text = unitText(call.machine, unit);
  if (text === undefined) {
    call.io.err(`Failed to enable unit: Unit file ${unit} does not exist.\n`);
    return 1;
  }
  call.files.mkdirs('/etc/systemd/system/multi-user.target.wants');
  call.files.put(wantsLink(unit), { kind: 'link', text: unitPath(unit), mode: '0777' });
  return given.flags.has('now') ? start(call, unit, given) : 0;
};

/** A time as systemd writes it with `TZ=UTC`; nothing reads the day of the week. */
const timestamp = (time: number): string =>
  `Day ${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const show = ({ machine, io }: Call, unit: string, { values }: Options): number => {
  const { state, restarts, since } = stateOf(machine, unit);
  const enabled = machine.disk[wantsLink(unit)] !== undefined;
  const known = unitText(machine, unit) !== undefined;
  const facts: Readonly<Record<string, string>> = {
    ActiveState: state,
    SubState:
      state === 'active' ? 'running' : state === 'activating' && restarts > 0 ? 'auto-restart' : 'dead',
    UnitFileState: known ? (enabled ? 'enabled' : 'disabled') : '',
    LoadState: known ? 'loaded' : 'not-found',
    NRestarts: String(restarts),
    ExecMainStartTimestamp: since === undefined ? '' : timestamp(since),
    Result: state === 'failed' ? 'exit-code' : 'success',
    MainPID: state === 'active' ? '4242' : '0',
  };
  for (const name of (values['p'] ?? values['property'] ?? '').split(',')) {
    const value = facts[name];
    if (value === undefined) throw new UnknownUse(`property ${name || '(all)'}`);
    io.out(values['value'] === undefined ? `${name}=${value}\n` : `${value}\n`);
  }
  return 0;
};

const isActive = ({ machine, io }: Call, unit: string, { flags }: Options): number => {
  const { state } = stateOf(machine, unit);
  if (!flags.has('q') && !flags.has('quiet')) io.out(`${state}\n`);
  return state === 'active' ? 0 : 3;
};

const isEnabled = ({ machine, io }: Call, unit: string, { flags }: Options): number => {
  const enabled = machine.disk[wantsLink(unit)] !== undefined;
  if (!flags.has('q') && !flags.has('quiet')) io.out(enabled ? 'enabled\n' : 'disabled\n');
  return enabled ? 0 : 1;
};

type Verb = (call: Call, unit: string, given: Options) => number | Promise<number>;

const stop: Verb = async (call, unit) => {
  await call.sleep(200);
  stopUnit(call.sim, call.machine, unit);
  return 0;
};

const VERBS: Readonly<Record<string, Verb>> = {
  ...{ start, stop, enable, show, 'is-active': isActive, 'is-enabled': isEnabled },
  kill: stop,
  restart: async (call, unit, given) => {
    await stop(call, unit, given);
    return start(call, unit, given);
  },
  'try-restart': (call, unit, given) =>
    stateOf(call.machine, unit).state === 'active' ? (VERBS['restart'] as Verb)(call, unit, given) : 0,
  disable: async (call, unit, given) => {
    call.files.remove(wantsLink(unit));
    return given.flags.has('now') ? stop(call, unit, given) : 0;
  },
  'reset-failed': ({ machine }, unit) => {
    const state = machine.running?.units[unit];
    if (state?.state === 'failed') state.state = 'inactive';
    if (state) state.restarts = 0;
    return 0;
  },
};

/** systemctl(1) */
export const systemctl: Program = async (call) => {
  const given = options(call.args, {
    flags: ['q', 'quiet', 'now', 'no-block', 'value', 'no-pager', 'no-reload', 'all', 'failed', 'f', 'force'],
    values: ['p', 'property', 'job-mode', 's', 'signal'],
  });
  const [verb = '', ...units] = given.words;
  if (verb === 'daemon-reload') {
    reloadUnits(call.machine);
    return 0;
  }
  if (verb === 'list-units' || given.flags.has('failed')) {
    for (const [unit, { state }] of Object.entries(call.machine.running?.units ?? {}))
      if (!given.flags.has('failed') || state === 'failed') call.io.out(`${unit} loaded ${state}\n`);
    return 0;
  }
  if (verb === 'is-system-running') {
    call.io.out('running\n');
    return 0;
  }
  if (verb === 'poweroff' && units.length === 0) return beginPowerOff(call, given);
  const act = VERBS[verb];
  if (act === undefined) throw new UnknownUse(`verb ${verb}`);
  let code = 0;
  for (const name of units) {
    const unit = unitFullName(name);
    code = Math.max(code, await act(call, unit, given));
    if (verb === 'start' || verb === 'restart') log(call.machine, unit, `systemd: ${verb}ed ${unit}`);
  }
  return code;
};
