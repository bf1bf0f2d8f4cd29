import { beforeEach, describe, expect, it } from 'vitest';
import { satisfied, type StepContext } from '../../../src/engine/context.js';
import type { Reporter } from '../../../src/engine/events.js';
import { CliError } from '../../../src/errors/cli-error.js';
import { failureOf } from '../../helpers/step-context.js';
import { lasting, ScriptedRun, stepOf, turn } from './scripted-run.js';

let engine = new ScriptedRun();
beforeEach(() => {
  engine = new ScriptedRun();
});

const applied = (): string[] =>
  engine.log.filter((line) => line.startsWith('apply')).map((line) => line.slice(6));

describe('order', () => {
  const DIAMOND = [stepOf('a'), stepOf('b', 'a'), stepOf('c', 'a'), stepOf('d', 'b', 'c')];

  it('starts a step when all of its needs are done, and not before', async () => {
    const run = engine.run(DIAMOND, { apply: engine.gate });
    await turn();
    expect(applied()).toEqual(['a']);
    await engine.open('a');
    expect(applied()).toEqual(['a', 'b', 'c']);
    await engine.open('c');
    expect(applied()).toEqual(['a', 'b', 'c']);
    await engine.open('b');
    await engine.open('d');
    expect((await run).results.map(({ step, outcome }) => [step.title, outcome])).toEqual([
      ['a', 'changed'],
      ['b', 'changed'],
      ['c', 'changed'],
      ['d', 'changed'],
    ]);
  });

  it('does not probe a step before its needs are done', async () => {
    const run = engine.run(DIAMOND, { apply: engine.gate });
    await turn();
    expect(engine.log).toEqual(['probe a', 'apply a']);
    for (const name of ['a', 'b', 'c', 'd']) await engine.open(name);
    await run;
  });

  it('ends at once when there are no steps', async () => {
    expect(await engine.run([])).toEqual({ results: [], changed: 0, errors: [] });
  });

  it('runs at most `limit` steps, and starts the next when one ends', async () => {
    const run = engine.run([stepOf('a'), stepOf('b'), stepOf('c')], { apply: engine.gate }, { limit: 2 });
    await turn();
    expect(applied()).toEqual(['a', 'b']);
    await engine.open('b');
    expect(applied()).toEqual(['a', 'b', 'c']);
    await engine.open('a', 'c');
    expect((await run).changed).toBe(3);
  });
});

describe('repeating', () => {
  it('changes everything once and nothing the second time', async () => {
    const world = lasting();
    const steps = [stepOf('a'), stepOf('b', 'a')];
    expect((await engine.run(steps, world)).changed).toBe(2);
    const again = await engine.run(steps, world);
    expect(again.changed).toBe(0);
    expect(again.results.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
    expect(applied()).toEqual(['a', 'b']);
  });

  it('applies only what is missing', async () => {
    const result = await engine.run([stepOf('a'), stepOf('b', 'a')], {
      probe: (name) => (name === 'a' ? satisfied : { state: 'pending', because: 'it fell off' }),
    });
    expect(applied()).toEqual(['b']);
    expect(result).toMatchObject({
      changed: 1,
      results: [{ outcome: 'unchanged' }, { because: 'it fell off' }],
    });
  });
});

describe('failure', () => {
  const broken = new CliError('GLUSTER_FAILED', 'it broke');

  it('lets running steps finish, starts no more, and skips the rest with a reason', async () => {
    const steps = [stepOf('a'), stepOf('b'), stepOf('after-b', 'b'), stepOf('c'), stepOf('d')];
    const failure = failureOf(engine.run(steps, { apply: engine.gate }, { limit: 2 }));
    await turn();
    await engine.fail('a', broken);
    expect(engine.reporter.ofType('run.finished')).toEqual([]);
    await engine.open('b');
    expect(await failure).toBe(broken);
    expect(applied()).toEqual(['a', 'b']);
    expect(
      engine.reporter.ofType('step.finished').map(({ id, outcome, because }) => [id, outcome, because]),
    ).toEqual([
      ['gluster.service:a', 'failed', 'it broke'],
      ['gluster.service:b', 'changed', 'new'],
      ['gluster.service:after-b', 'skipped', 'an earlier step failed'],
      ['gluster.service:c', 'skipped', 'an earlier step failed'],
      ['gluster.service:d', 'skipped', 'an earlier step failed'],
    ]);
    expect(engine.reporter.ofType('run.finished')).toMatchObject([{ ok: false, changed: 1 }]);
  });

  it('lets a step that is still probing finish', async () => {
    const failure = failureOf(
      engine.run([stepOf('a'), stepOf('b'), stepOf('c', 'b')], {
        probe: async (name) => {
          if (name === 'b') await engine.gate('probe of b');
          return { state: 'pending', because: 'new' };
        },
        apply: (name) => (name === 'a' ? Promise.reject(broken) : undefined),
      }),
    );
    await turn();
    await engine.open('probe of b');
    expect(await failure).toBe(broken);
    expect(applied()).toEqual(['a', 'b']);
  });

  it('fails the step when its probe throws', async () => {
    const run = engine.run([stepOf('a')], { probe: () => Promise.reject(broken) });
    expect(await failureOf(run)).toBe(broken);
    expect(applied()).toEqual([]);
  });

  it('throws an AggregateError when several steps fail', async () => {
    const failure = failureOf(engine.run([stepOf('a'), stepOf('b'), stepOf('c')], { apply: engine.gate }));
    await turn();
    await engine.fail('b', new Error('second'));
    await engine.fail('a', broken);
    await engine.open('c');
    const error = (await failure) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([new Error('second'), broken]);
    expect(error.message).toBe('2 steps failed');
  });
});

describe('dry run', () => {
  it('applies nothing, and does not probe steps that wait for a change', async () => {
    const steps = [stepOf('a'), stepOf('b', 'a'), stepOf('c', 'b'), stepOf('other')];
    const probe = (name: string) =>
      name === 'other' ? satisfied : ({ state: 'pending', because: `${name} is missing` } as const);
    const result = await engine.run(steps, { probe }, { dryRun: true });
    expect(engine.log).toEqual(['probe a', 'probe other']);
    expect(result.changed).toBe(3);
    expect(result.results.map(({ outcome, because }) => [outcome, because])).toEqual([
      ['would-change', 'a is missing'],
      ['would-change', 'depends on an earlier step'],
      ['would-change', 'depends on an earlier step'],
      ['unchanged', undefined],
    ]);
  });

  it('goes on after a probe that failed, without the steps that need it, and returns what failed', async () => {
    const steps = [
      stepOf('a'),
      stepOf('b', 'a'),
      stepOf('c', 'b'),
      stepOf('d'),
      stepOf('e', 'd'),
      stepOf('f'),
    ];
    const broken = new CliError('GLUSTER_FAILED', 'no answer');
    const { results, changed, errors } = await engine.run(
      steps,
      {
        probe: (name) => {
          if (name === 'a') throw broken;
          return name === 'f' ? satisfied : { state: 'pending', because: `${name} is missing` };
        },
      },
      { dryRun: true, limit: 1 },
    );
    expect(engine.log).toEqual(['probe a', 'probe d', 'probe f']);
    expect(results.map(({ outcome, because }) => [outcome, because])).toEqual([
      ['failed', 'no answer'],
      ['skipped', 'gluster.service:a'],
      ['skipped', 'gluster.service:a'],
      ['would-change', 'd is missing'],
      ['would-change', 'depends on an earlier step'],
      ['unchanged', undefined],
    ]);
    expect([changed, errors]).toEqual([2, [broken]]);
    expect(engine.reporter.ofType('run.finished')).toMatchObject([{ ok: false }]);
    expect(engine.reporter.ofType('step.started').map(({ id }) => id)).toEqual(
      ['a', 'd', 'e', 'f'].map((name) => `gluster.service:${name}`),
    );
  });

  it('reports no changes when all is done', async () => {
    const result = await engine.run([stepOf('a')], { probe: () => satisfied }, { dryRun: true });
    expect(result.changed).toBe(0);
  });
});

describe('abort', () => {
  it('aborts running steps, starts no more, and throws INTERRUPTED', async () => {
    const failure = failureOf(
      engine.run(
        [stepOf('a'), stepOf('b', 'a'), stepOf('c')],
        {
          apply: (_name, { signal }) =>
            new Promise((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason as Error)),
            ),
        },
        { limit: 1 },
      ),
    );
    await turn();
    engine.stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
    const error = await failure;
    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
    expect(applied()).toEqual(['a']);
    expect(engine.reporter.outcomes()).toEqual({
      'gluster.service:a': 'failed',
      'gluster.service:b': 'skipped',
      'gluster.service:c': 'skipped',
    });
    expect(engine.reporter.ofType('step.finished')[1]?.because).toBe('interrupted');
    expect(engine.reporter.ofType('run.finished')).toMatchObject([{ ok: false }]);
  });

  it('does not apply when the abort comes during the probe', async () => {
    const failure = failureOf(
      engine.run([stepOf('a')], {
        probe: () => {
          engine.stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
          return { state: 'pending', because: 'new' };
        },
      }),
    );
    expect(await failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(applied()).toEqual([]);
  });

  it('lets a step that ignores the abort finish, and reports its change', async () => {
    const failure = failureOf(engine.run([stepOf('a'), stepOf('b', 'a')], { apply: engine.gate }));
    await turn();
    engine.stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
    await engine.open('a');
    expect(await failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(engine.reporter.outcomes()).toMatchObject({ 'gluster.service:a': 'changed' });
  });

  it('includes earlier failures in the INTERRUPTED error', async () => {
    const failure = failureOf(
      engine.run([stepOf('a'), stepOf('b')], {
        apply: async (name) => {
          if (name === 'a') throw new Error('no space left');
          await engine.gate(name);
        },
      }),
    );
    await turn();
    engine.stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
    await engine.open('b');
    expect(await failure).toMatchObject({
      code: 'INTERRUPTED',
      details: ['before that, a step failed: no space left'],
    });
  });

  it('runs nothing when it is aborted beforehand', async () => {
    engine.stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
    expect(await failureOf(engine.run([stepOf('a')]))).toMatchObject({ code: 'INTERRUPTED' });
    expect(engine.log).toEqual([]);
  });
});

describe('a reporter that throws', () => {
  const broken: Reporter = {
    emit: () => {
      throw new Error('the disk is full');
    },
    close: () => Promise.reject(new Error('the disk is full')),
  };
  const STEPS = [stepOf('a'), stepOf('b', 'a'), stepOf('c')];

  it('does not end the run, even when it throws on a line of a step', async () => {
    const apply = (_name: string, { say }: StepContext): void => say('half way');
    const { changed } = await engine.run(STEPS, { apply }, { reporter: broken });
    expect(changed).toBe(3);
    expect(applied()).toEqual(['a', 'c', 'b']);
  });

  it('does not hide why the run failed', async () => {
    const error = new Error('it broke');
    const run = engine.run(STEPS, { apply: () => Promise.reject(error) }, { reporter: broken, limit: 1 });
    expect(await failureOf(run)).toBe(error);
  });
});

describe('events', () => {
  it('are emitted for each phase of a step, with times', async () => {
    const { clock } = engine.stage;
    const run = engine.run([stepOf('a')], {
      apply: async (_name, { say }) => {
        say('half way');
        await clock.sleep(1500);
      },
    });
    await clock.advance(1500);
    await run;
    const id = 'gluster.service:a';
    expect(engine.reporter.events.slice(1)).toEqual([
      { type: 'step.started', id, at: 0 },
      { type: 'step.pending', id, because: 'new', at: 0 },
      { type: 'step.line', id, line: 'half way', at: 0 },
      { type: 'step.finished', id, outcome: 'changed', because: 'new', durationMs: 1500, at: 1500 },
      { type: 'run.finished', ok: true, changed: 1, durationMs: 1500, at: 1500 },
    ]);
    expect(engine.reporter.events[0]).toMatchObject({ type: 'run.started', plan: { lab: 'demo' }, at: 0 });
  });
});
