import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { World } from '../../src/lab/world.js';
import { loadTemplates } from '../../src/cli/support/templates.js';
import { HostExecutor } from '../../src/exec/host-executor.js';
import type { FoundLab } from '../../src/machines/provider.js';
import { openLab, type Lab } from '../../src/lab/lab.js';
import type { ProviderId } from '../../src/providers/registry.js';
import { LabStore, type LabRecord } from '../../src/lab/lab-store.js';
import { RecordingReporter } from './recording-reporter.js';
import { labOf, Stage } from './step-context.js';

/** A world with a lab store on disk and scripted machines; `close` removes its files. */
export class TestWorld {
  readonly stage: Stage;
  readonly said: string[] = [];
  readonly store: LabStore;
  found: (FoundLab & { readonly provider: ProviderId }) | undefined;

  private constructor(
    readonly base: string,
    machines: readonly string[],
  ) {
    this.stage = new Stage(machines);
    this.store = new LabStore(join(base, 'state'));
  }

  static async make(
    machines: readonly string[] = ['demo-node1', 'demo-node2', 'demo-node3'],
  ): Promise<TestWorld> {
    return new TestWorld(await mkdtemp(join(tmpdir(), 'kglab-world-')), machines);
  }

  get userKubeconfig(): string {
    return join(this.base, 'kubeconfig');
  }

  /** The record of a lab of three nodes called demo. */
  record(more: Partial<LabRecord> = {}): LabRecord {
    const config = labOf('name: demo\nprovider: nspawn\n');
    return {
      version: 1,
      name: 'demo',
      id: 'abc123',
      createdAt: '2026-01-01T00:00:00Z',
      provider: 'nspawn',
      config,
      ...more,
    };
  }

  world(more: Partial<World> = {}): World {
    const { stage, store, base } = this;
    return {
      ...{ store, clock: stage.clock, templates: loadTemplates(), reporter: new RecordingReporter() },
      host: new HostExecutor(),
      dirs: { state: join(base, 'state'), cache: join(base, 'cache'), machines: join(base, 'machines') },
      ...{
        signal: stage.abort.signal,
        arch: 'amd64',
        releaseUrl: undefined,
        fetch,
        checks: () => Promise.resolve([]),
      },
      userKubeconfigs: [this.userKubeconfig],
      chooseProvider: () => Promise.resolve('nspawn'),
      provider: () => Promise.resolve(stage.provider),
      usable: () => Promise.resolve({ usable: true, because: 'it is a test' }),
      findLab: () => Promise.resolve(this.found),
      say: (line) => this.said.push(line),
      ...more,
    };
  }

  /** The lab of a record, open in a world. */
  lab(world: World = this.world(), record: LabRecord = this.record()): Promise<Lab> {
    return openLab(record, world);
  }

  close(): Promise<void> {
    return rm(this.base, { recursive: true, force: true });
  }
}
