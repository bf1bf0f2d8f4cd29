import { describe, expect, it } from 'vitest';
import type { LabConfig } from '../../../src/config/config.js';
import { planUp } from '../../../src/recipe/up.js';
import { renderPlan } from '../../../src/engine/plan.js';
import { STAGES, type Plan, type Step, type StepKind } from '../../../src/engine/step.js';
import { prepareBrick } from '../../../src/steps/gluster/brick.js';
import { formPool } from '../../../src/steps/gluster/pool.js';
import { createVolume } from '../../../src/steps/gluster/volume.js';
import { configureK3s } from '../../../src/steps/k3s/config.js';
import { waitUntilReady } from '../../../src/steps/k3s/ready.js';
import { startK3s } from '../../../src/steps/k3s/service.js';
import { waitForBoot } from '../../../src/steps/machines/boot.js';
import { createMachine } from '../../../src/steps/machines/create.js';
import { writeHostsFile } from '../../../src/steps/machines/hosts-file.js';
import { mountVolume } from '../../../src/steps/mounts/mount.js';
import { smokeTest } from '../../../src/steps/smoke/run.js';
import { LABS } from '../../helpers/labs.js';
import { labOf } from '../../helpers/step-context.js';

const all = Object.entries(LABS).map(([name, yaml]) => [name, labOf(yaml)] as const);

/** All steps of a kind. A loop over none would prove nothing, so there must be some, unless `orNone` is given. */
const ofKind = <I>({ steps }: Plan, { kind }: StepKind<I>, { orNone = false } = {}): Step<I>[] => {
  const found = steps.filter((one) => one.kind === kind) as Step<I>[];
  if (found.length === 0 && !orNone) throw new Error(`the plan has no step ${kind}`);
  return found;
};

/** Everything that is done before a step, near and far. */
const before = ({ steps }: Plan, id: string): ReadonlySet<string> => {
  const needs = new Map(steps.map((one) => [one.id, one.needs]));
  const seen = new Set<string>();
  const visit = (at: string): void => {
    for (const need of needs.get(at) ?? []) {
      if (seen.has(need)) continue;
      seen.add(need);
      visit(need);
    }
  };
  visit(id);
  return seen;
};

const with_ = (config: LabConfig, role: string): string[] =>
  config.nodes
    .filter(({ roles }) => (roles as readonly string[]).includes(role))
    .map(({ machine }) => machine);

describe('golden plans', () => {
  it.each(Object.entries(LABS))('%s', async (name, yaml) => {
    const json = renderPlan(planUp(labOf(yaml)), 'json');
    await expect(json).toMatchFileSnapshot(`../../golden/plans/${name}.json`);
  });

  it('as text', async () => {
    await expect(renderPlan(planUp(labOf()), 'text')).toMatchFileSnapshot('../../golden/plans/default.txt');
  });
});

describe.each(all)('plan of a lab: %s', (_name, config) => {
  const plan = planUp(config);
  const kubernetes = [...new Set([...with_(config, 'server'), ...with_(config, 'agent')])];

  it('has unique ids, and needs only earlier steps', () => {
    const seen = new Set<string>();
    for (const { id, needs } of plan.steps) {
      expect(seen.has(id)).toBe(false);
      for (const need of needs) expect(seen).toContain(need);
      seen.add(id);
    }
  });

  it('has the stages in order', () => {
    const order = plan.steps.map(({ stage }) => STAGES.indexOf(stage));
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('has ids of kind and target, and kinds that begin with the stage', () => {
    for (const { id, kind, stage } of plan.steps) {
      expect(id === kind || id.startsWith(`${kind}:`)).toBe(true);
      expect(kind.startsWith(`${stage}.`)).toBe(true);
    }
  });

  it('creates and boots every machine and tells it all names', () => {
    const machines = config.nodes.map(({ machine }) => machine);
    expect(ofKind(plan, createMachine).map(({ input }) => input.name)).toEqual(machines);
    expect(ofKind(plan, waitForBoot).map(({ input }) => input.machine)).toEqual(machines);
    const introduced = ofKind(plan, writeHostsFile);
    expect(introduced.map(({ input }) => input.machine)).toEqual(machines);
    for (const { id, input } of introduced) {
      expect(input.names).toEqual(machines);
      // An address is only known of a machine that is there.
      for (const machine of machines) expect(before(plan, id)).toContain(`machines.create:${machine}`);
    }
  });

  it('starts glusterd on the storage machines, and only there, before it forms the pool', () => {
    const [pool] = ofKind(plan, formPool);
    expect(pool?.input.machines).toEqual(with_(config, 'storage'));
    expect(pool?.needs).toEqual(with_(config, 'storage').map((machine) => `gluster.service:${machine}`));
    for (const { id } of ofKind(plan, prepareBrick)) expect(before(plan, id)).toContain('gluster.pool');
  });

  it('prepares every brick of a volume before it creates the volume', () => {
    const volumes = ofKind(plan, createVolume);
    expect(volumes.map(({ input }) => input.volume.name)).toEqual(config.volumes.map(({ name }) => name));
    for (const { id, input } of volumes) {
      expect(input.volume.bricks.length).toBeGreaterThan(0);
      expect(with_(config, 'storage')).toContain(input.from);
      for (const { machine } of input.volume.bricks)
        expect(before(plan, id)).toContain(`gluster.brick:${input.volume.name}@${machine}`);
    }
  });

  it('mounts every volume on every Kubernetes node once it is started', () => {
    const mounts = ofKind(plan, mountVolume);
    expect(mounts).toHaveLength(config.volumes.length * kubernetes.length);
    for (const { id, input } of mounts) {
      expect(before(plan, id)).toContain(`gluster.start:${input.volume}`);
      expect(input.local).toBe(with_(config, 'storage').includes(input.machine));
      expect(input.servers[0] === input.machine).toBe(input.local);
      expect(new Set(input.servers).size).toBe(input.servers.length);
    }
  });

  it('starts k3s on a node only after all of its mounts', () => {
    for (const { id, input } of ofKind(plan, startK3s)) {
      const done = before(plan, id);
      for (const { name } of config.volumes) expect(done).toContain(`mounts.mount:${name}@${input.machine}`);
      expect(done).toContain(`k3s.config:${input.machine}`);
      expect(done).toContain(`k3s.install:${input.machine}`);
      expect(done).toContain(`machines.hosts:${input.machine}`);
    }
    const configs = ofKind(plan, configureK3s);
    expect(configs).toHaveLength(kubernetes.length);
    for (const { input } of configs)
      expect(input.node.mounts).toEqual(config.volumes.map(({ mount }) => mount));
  });

  it('has one server, and waits for nodes only after it is started', () => {
    const services = ofKind(plan, startK3s);
    expect(services.map(({ input }) => input.machine).sort()).toEqual([...kubernetes].sort());
    const servers = services.filter(({ input }) => input.role === 'server');
    expect(servers.map(({ input }) => input.machine)).toEqual(with_(config, 'server'));
    const ready = ofKind(plan, waitUntilReady);
    expect(ready.map(({ input }) => input.machine).sort()).toEqual([...kubernetes].sort());
    for (const { id, input } of ready) {
      expect(before(plan, id)).toContain(`k3s.service:${input.server}`);
      expect(before(plan, id)).toContain(`k3s.service:${input.machine}`);
    }
  });

  it('starts agents together with the server', () => {
    const [server = ''] = with_(config, 'server');
    const agents = ofKind(plan, startK3s).filter(({ input }) => input.role === 'agent');
    const waiting = agents.filter(({ id }) => before(plan, id).has(`k3s.service:${server}`));
    expect(plan.steps.map(({ id }) => id)).toContain(`k3s.service:${server}`);
    expect(waiting.map(({ id }) => id)).toEqual([]);
  });

  it('runs the smoke test on all nodes after all are Ready', () => {
    const runs = ofKind(plan, smokeTest, { orNone: true });
    expect(runs).toHaveLength(config.smoke.enabled ? 1 : 0);
    for (const { id, input } of runs) {
      expect([...input.nodes].sort()).toEqual([...kubernetes].sort());
      for (const machine of kubernetes) expect(before(plan, id)).toContain(`k3s.ready:${machine}`);
      expect(before(plan, id)).toContain('provisioner.apply');
      const chosen = config.classes.find(({ name }) => name === input.storageClass);
      expect(chosen?.default).toBe(true);
      expect(config.volumes.find(({ name }) => name === chosen?.volume)?.mount).toBe(input.path);
    }
  });

  it('contains plain data and no token', () => {
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(JSON.stringify(plan)).not.toMatch(/token/i);
  });

  it('is deterministic', () => {
    expect(planUp(config)).toEqual(plan);
  });
});
