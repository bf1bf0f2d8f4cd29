import type { Lab } from '../../lab/lab.js';
import { knownLab } from '../../lab/open.js';
import type { World } from '../../lab/world.js';
import { redact } from '../../exec/command.js';
import { HostExecutor } from '../../exec/host-executor.js';
import { loggedExecutor } from '../../exec/logged-executor.js';
import { chooseProvider, findLab, PROVIDERS } from '../../providers/registry.js';
import { chooseReporter, TeeReporter } from '../../report/reporters.js';
import { openRunLog, type RunLog } from '../../report/run-log.js';
import type { Reporter } from '../../engine/events.js';
import { dirsOf, type Dirs } from '../../util/dirs.js';
import { LabStore } from '../../lab/lab-store.js';
import { systemClock } from '../../util/clock.js';
import { kubeconfigFiles } from '../../app/user-kubeconfig.js';
import type { LabFlags } from './flags.js';
import { labName } from './lab-file.js';
import type { Session } from './session.js';
import { stderr } from './streams.js';
import { loadTemplates } from './templates.js';

const MUTE: Reporter = { emit: () => undefined, close: () => Promise.resolve() };

/** The log as a reporter that stays open: the error that ends the command is written to it later. */
const keptOpen = (log: RunLog): Reporter => ({
  emit: (event) => log.emit(event),
  close: () => Promise.resolve(),
});

interface WorldOptions {
  /** The lab whose debug log this run writes; no log if undefined. */
  readonly logFor?: string;
  /** Write the log only if the lab exists: a mistyped name would leave its folder behind. */
  readonly existing?: boolean;
  /** The command, for the name of the log. */
  readonly what: string;
}

/** Opens the log. It redacts tokens that become known later, too. */
const startLog = async (store: LabStore, lab: string, what: string): Promise<RunLog> => {
  await store.token(lab);
  return openRunLog({
    directory: store.logDir(lab),
    name: what,
    redact: (text) => redact(text, [...store.secrets]),
  });
};

const exists = async (name: string, store: LabStore, dirs: Dirs): Promise<boolean> =>
  (await store.names()).includes(name) || (await findLab(name, dirs)) !== undefined;

const drawer = (flags: LabFlags): Promise<Reporter> =>
  flags.quiet === true
    ? Promise.resolve(MUTE)
    : chooseReporter({
        mode: flags.progress,
        isTty: process.stderr.isTTY,
        stream: stderr.stream,
        write: (text) => stderr.write(text),
        env: process.env,
      });

/** The composition root: the real host, clock, files and providers. */
export const openWorld = async (
  session: Session,
  flags: LabFlags,
  { logFor, existing = false, what }: WorldOptions,
): Promise<World> => {
  const dirs = dirsOf(process.env);
  const store = new LabStore(dirs.state);
  session.verbose = flags.verbose ?? false;
  if (logFor !== undefined && (!existing || (await exists(logFor, store, dirs))))
    session.log = await startLog(store, logFor, what);
  const plain = new HostExecutor();
  const host = session.log ? loggedExecutor(plain, session.log, 'host') : plain;
  session.report = new TeeReporter(await drawer(flags), ...(session.log ? [keptOpen(session.log)] : []));
  const deps = {
    host,
    clock: systemClock,
    dirs,
    env: process.env,
    ...(session.log ? { log: session.log } : {}),
  };
  return {
    host,
    clock: systemClock,
    dirs,
    store,
    templates: loadTemplates(),
    reporter: session.report,
    signal: session.abort.signal,
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    releaseUrl: process.env['KGLAB_K3S_URL'],
    fetch,
    userKubeconfigs: kubeconfigFiles(process.env),
    chooseProvider: (wanted) => chooseProvider(wanted, host),
    provider: (id, request) => PROVIDERS[id].create(request, deps),
    findLab: (name) => findLab(name, dirs),
    usable: (id) => PROVIDERS[id].usable(deps),
    checks: (id) => PROVIDERS[id].checks(deps),
    say: (line) => {
      if (flags.quiet === true) return;
      const event = { type: 'say', text: line, at: systemClock.now() };
      stderr.write(`${flags.progress === 'json' ? JSON.stringify(event) : line}\n`);
    },
  };
};

/** Opens the lab that flags or lab file name; with `log`, the run keeps a debug log. Throws LAB_UNKNOWN when there is none. */
export const openKnownLab = async (
  session: Session,
  flags: LabFlags,
  { what, log = false }: { readonly what: string; readonly log?: boolean },
): Promise<Lab> => {
  const name = await labName(flags);
  const options = { what, ...(log && { logFor: name, existing: true }) };
  return knownLab(name, await openWorld(session, flags, options));
};
