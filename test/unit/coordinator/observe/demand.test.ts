/** What an autoscaler is told, and what events add to the metrics. */
import assert from 'node:assert/strict';
import { demandOf } from '../../../../coordinator/observe/demand.ts';
import { countEvent } from '../../../../coordinator/observe/run-metrics.ts';
import type { StoredRun } from '../../../../coordinator/run-store.ts';
import { serializeRunConfig } from '../../../../shared/config.ts';
import { Metrics } from '../../../../shared/observe/metrics.ts';
import type { RunState } from '../../../../shared/run-event.ts';
import { makeTinyRun, type Overrides, type TinyRun } from '../../../support/tiny-run.ts';

describe('the demand for workers', () => {
  let tiny: TinyRun;
  before(async () => {
    tiny = await makeTinyRun();
  });
  after(() => tiny.remove());

  const stored = (
    run: string,
    state: RunState,
    pipeline: Overrides['pipeline'],
    waitingSinceMs = 1,
  ): StoredRun => {
    const config = tiny.config({ pipeline });
    return {
      spec: { run, priority: 0, configJson: new TextDecoder().decode(serializeRunConfig(config)) },
      record: { run, state, updatedAtMs: waitingSinceMs },
    } as StoredRun;
  };
  const workers = [{ isDraining: false }, { isDraining: true }, { isDraining: false }];

  it('is none when every run has ended', () => {
    const runs = [stored('r2', 'failed', {}), stored('r1', 'succeeded', {})];
    assert.deepEqual(demandOf(runs, workers), {
      queued: 0,
      running: 0,
      available: 2,
      draining: 1,
      pipelinesWanted: 0,
      workersWanted: 0,
    });
  });

  it('is that of the run in progress, in whole pipelines', () => {
    const runs = [
      stored('r3', 'queued', { stages: 5, replicas: 1 }),
      stored('r2', 'running', { stages: 2, replicas: 2 }),
      stored('r1', 'cancelled', { stages: 9, replicas: 1 }),
    ];
    const { queued, running, pipelinesWanted, workersWanted } = demandOf(runs, []);
    assert.deepEqual(
      { queued, running, pipelinesWanted, workersWanted },
      {
        queued: 1,
        running: 1,
        pipelinesWanted: 2,
        workersWanted: 4,
      },
    );
  });

  it('is that of the run that has waited longest, when none is in progress', () => {
    const runs = [
      stored('newer', 'queued', { stages: 4, replicas: 1 }, 2),
      stored('older', 'queued', { stages: null, replicas: 1 }),
    ];
    const { pipelinesWanted, workersWanted } = demandOf(runs, []);
    assert.deepEqual([pipelinesWanted, workersWanted], [1, 1]);
  });
});

describe('the metrics of a run', () => {
  it('follow its events, and go with it', async () => {
    const metrics = new Metrics('coordinator');
    const facts = { run: 'r1', generation: 2, step: 7 };
    const step = {
      loss: 0.5,
      learningRate: 1,
      gradNorm: 1,
      seconds: 0.5,
      samplesPerSecond: 8,
      trainableCount: 9,
    };
    countEvent(metrics, facts, { kind: 'step-committed', ...step });
    countEvent(metrics, facts, { kind: 'validated', loss: 0.75, numExamples: 4 });
    const during = await metrics.render();
    for (const line of [
      'sara_steps_total{part="coordinator"} 1',
      'sara_samples_total{part="coordinator"} 4',
      'sara_run_step{run="r1",part="coordinator"} 7',
      'sara_run_loss{run="r1",part="coordinator"} 0.5',
      'sara_run_validation_loss{run="r1",part="coordinator"} 0.75',
      'sara_run_generation{run="r1",part="coordinator"} 2',
    ])
      assert.ok(during.includes(`${line}\n`), line);
    countEvent(metrics, facts, { kind: 'state-changed', state: 'finishing', reason: '' });
    assert.match(await metrics.render(), /r1/);
    countEvent(metrics, facts, { kind: 'state-changed', state: 'succeeded', reason: '' });
    const after = await metrics.render();
    assert.doesNotMatch(after, /r1/);
    assert.match(after, /^sara_runs_ended_total\{state="succeeded",part="coordinator"\} 1$/m);
  });
});
