import { parseAllDocuments } from 'yaml';
import { serverRuns } from '../kube/nodes.js';
import { applyObject, deleteObject, Refused } from '../kube/objects.js';
import { objectNamed, type KubeObject } from '../world/kube-store.js';
import { options, UnknownUse, type Call, type Program } from './program.js';
import { fail, get, kindOf, notFound, selected, shown, type Ask } from './kubectl-get.js';

interface KubeList {
  readonly kind: 'List';
  readonly items: readonly KubeObject[];
}

const thingsIn = (given: KubeObject | KubeList | null): readonly KubeObject[] => {
  if (given === null) return [];
  return 'items' in given ? given.items : [given];
};

const apply = (ask: Ask): number => {
  const { call, given } = ask;
  const text = given.values['f'] === '-' ? call.io.input.rest() : call.files.read(given.values['f'] ?? '');
  let code = 0;
  for (const document of parseAllDocuments(text)) {
    for (const one of thingsIn(document.toJS() as KubeObject | KubeList | null)) {
      try {
        const outcome = applyObject(call.sim, call.machine, one, ask.namespace ?? 'default');
        call.io.out(`${one.kind.toLowerCase()}/${one.metadata.name} ${outcome}\n`);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        code = fail(ask, `Error from server (Forbidden): error when creating "STDIN": ${error.message}`);
      }
    }
  }
  return code;
};

const create = (ask: Ask): number => {
  const [kind = '', name = ''] = ask.words;
  if (kindOf(kind) !== 'Namespace') throw new UnknownUse(`create ${kind}`);
  if (objectNamed(ask.store, 'Namespace', name))
    return fail(ask, `Error from server (AlreadyExists): namespaces "${name}" already exists`);
  applyObject(
    ask.call.sim,
    ask.call.machine,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    '',
  );
  ask.call.io.out(`namespace/${name} created\n`);
  return 0;
};

/** The objects of `delete`: `KIND/NAME…`, `KIND NAME…` or `KIND --all`. */
const named = (ask: Ask): { kind: string; name: string }[] => {
  const [first = '', ...names] = ask.words;
  if (first.includes('/'))
    return ask.words.map((word) => ({
      kind: kindOf(word.split('/')[0] ?? ''),
      name: word.split('/')[1] ?? '',
    }));
  const kind = kindOf(first);
  const all = ask.given.flags.has('all') ? selected(ask, kind).map(({ metadata }) => metadata.name) : [];
  return [...names, ...all].map((name) => ({ kind, name }));
};

const remove = async (ask: Ask): Promise<number> => {
  let code = 0;
  for (const { kind, name } of named(ask)) {
    const found = objectNamed(ask.store, kind, name, ask.namespace);
    if (found === undefined) {
      code = Math.max(code, notFound(ask, kind, name));
      continue;
    }
    deleteObject(ask.call.sim, ask.call.machine, found);
    ask.call.io.out(`${kind.toLowerCase()} "${name}" deleted\n`);
    const waits = ask.given.values['wait'] !== 'false';
    while (waits && objectNamed(ask.store, kind, name, ask.namespace) === found) await ask.call.sleep(500);
  }
  return code;
};

const annotate = (ask: Ask): number => {
  const [kind = '', name = '', ...pairs] = ask.words;
  const found = objectNamed(ask.store, kindOf(kind), name, ask.namespace);
  if (found === undefined) return notFound(ask, kindOf(kind), name);
  const annotations = { ...found.metadata.annotations };
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 0) delete annotations[pair.replace(/-$/, '')];
    else annotations[pair.slice(0, at)] = pair.slice(at + 1);
  }
  found.metadata.annotations = annotations;
  ask.call.io.out(`${kind}/${name} annotated\n`);
  return 0;
};

const seconds = (text: string): number => Number.parseFloat(text) * (text.endsWith('m') ? 60 : 1);

const rollout = async (ask: Ask): Promise<number> => {
  const [verb = '', target = ''] = ask.words;
  const [kind = '', name = ''] = target.split('/');
  if (verb !== 'status' || kindOf(kind) !== 'Deployment') throw new UnknownUse(`rollout ${verb} ${target}`);
  const end = ask.call.sim.now + seconds(ask.given.values['timeout'] ?? '3600s') * 1000;
  for (;;) {
    if (!serverRuns(ask.call.machine)) return refused(ask.call);
    const found = objectNamed(ask.store, 'Deployment', name, ask.namespace);
    if (found === undefined) return notFound(ask, 'Deployment', name);
    if (Number(shown(ask.call, found).status?.['availableReplicas'] ?? 0) > 0) break;
    if (ask.call.sim.now >= end) return fail(ask, 'error: timed out waiting for the condition');
    await ask.call.sleep(500);
  }
  ask.call.io.out(`deployment "${name}" successfully rolled out\n`);
  return 0;
};

const logs = (ask: Ask): number => {
  const [name = ''] = ask.words;
  const found = objectNamed(ask.store, 'Pod', name.replace(/^pod\//, ''), ask.namespace);
  if (found === undefined) return notFound(ask, 'Pod', name);
  ask.call.io.out(found.sim?.log ?? '');
  return 0;
};

const VERBS: Readonly<Record<string, (ask: Ask) => number | Promise<number>>> = {
  describe: (ask) => get({ ...ask, given: { ...ask.given, values: { ...ask.given.values, o: 'json' } } }),
  ...{ get, apply, create, annotate, rollout, logs, delete: remove },
  version: ({ call }) => (call.io.out('Server Version: simulated\n'), 0),
};

const refused = ({ io }: Call): number => {
  io.err(
    'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n',
  );
  return 1;
};

/** kubectl(1) on the k3s server. */
export const kubectl: Program = async (call) => {
  const given = options(call.args, {
    flags: ['A', 'all-namespaces', 'ignore-not-found', 'overwrite', 'all', 'force', 'now'],
    values: [
      'n',
      'namespace',
      'o',
      'output',
      'l',
      'f',
      'field-selector',
      'sort-by',
      'tail',
      'wait',
      'timeout',
      'raw',
      'grace-period',
    ],
  });
  const [verb = '', ...words] = given.words;
  const act = VERBS[verb];
  if (act === undefined) throw new UnknownUse(`kubectl ${verb}`);
  await call.sleep(80);
  const store = call.machine.kube;
  if (store === undefined || !serverRuns(call.machine)) return refused(call);
  const all = given.flags.has('A') || given.flags.has('all-namespaces');
  const namespace = all ? undefined : (given.values['n'] ?? given.values['namespace'] ?? 'default');
  return act({ call, store, given, words, namespace });
};
