/** The metrics: one table, what is rendered from it, and what cannot be said by mistake. */
import assert from 'node:assert/strict';
import { METRICS, type MetricFacts } from '../../../../shared/observe/metric-table.ts';
import { Metrics } from '../../../../shared/observe/metrics.ts';
import { saraError } from '../../../support/sara-error.ts';

/** The series of one metric: what follows its name, without help and type. */
async function series(metrics: Metrics, name: string): Promise<string[]> {
  const lines = (await metrics.render()).split('\n');
  return lines.filter((line) => line.startsWith(`${name}{`)).map((line) => line.slice(name.length));
}

describe('metrics', () => {
  const table = Object.values(METRICS as Record<string, MetricFacts>);

  it('are named as Prometheus wants it', () => {
    for (const { name, kind, help } of table) {
      assert.match(name, /^sara_[a-z]+(_[a-z]+)*$/);
      assert.equal(name.endsWith('_total'), kind === 'counter', name);
      if (kind === 'histogram') assert.match(name, /_seconds$/);
      for (const unit of ['seconds', 'bytes'])
        if (name.includes(`_${unit}`)) assert.match(help, new RegExp(unit), name);
      assert.match(help, /\.$/);
    }
    assert.equal(new Set(table.map(({ name }) => name)).size, table.length);
  });

  for (const part of ['coordinator', 'worker'] as const) {
    it(`of a ${part} are all those of the table, with their kind and help`, async () => {
      const text = await new Metrics(part).render();
      for (const { name, kind, help, parts } of table) {
        const isHere = parts.includes(part);
        assert.equal(text.includes(`# TYPE ${name} ${kind}\n`), isHere, name);
        assert.equal(text.includes(`# HELP ${name} ${help}\n`), isHere, name);
      }
    });
  }

  it('count, are set and observed', async () => {
    const metrics = new Metrics('coordinator');
    metrics.add('refusals', 1, { reason: 'tls' });
    metrics.add('refusals', 2, { reason: 'tls' });
    metrics.set('runLoss', 0.25, { run: 'r1' });
    metrics.observe('stepSeconds', 0.3);
    metrics.observe('stepSeconds', 30);
    assert.deepEqual(await series(metrics, 'sara_refusals_total'), ['{reason="tls",part="coordinator"} 3']);
    assert.deepEqual(await series(metrics, 'sara_run_loss'), ['{run="r1",part="coordinator"} 0.25']);
    assert.deepEqual(await series(metrics, 'sara_step_seconds_sum'), ['{part="coordinator"} 30.3']);
    const buckets = await series(metrics, 'sara_step_seconds_bucket');
    assert.ok(buckets.includes('{le="0.5",part="coordinator"} 1'), buckets.join('\n'));
    metrics.remove('runLoss', { run: 'r1' });
    assert.deepEqual(await series(metrics, 'sara_run_loss'), []);
  });

  it('are looked up when somebody looks, and survive a look-up that fails', async () => {
    const metrics = new Metrics('worker');
    let bytes = 1;
    metrics.read('objectStoreBytes', () => bytes);
    metrics.beforeLook(() => Promise.reject(new Error('NATS is away')));
    metrics.beforeLook(async () => {
      await Promise.resolve();
      metrics.set('actors', bytes);
    });
    bytes = 7;
    assert.deepEqual(await series(metrics, 'sara_object_store_bytes'), ['{part="worker"} 7']);
    assert.deepEqual(await series(metrics, 'sara_actors'), ['{part="worker"} 7']);
  });

  it("refuse what is another part's to say", () => {
    assert.throws(
      () => {
        new Metrics('worker').add('steps', 1);
      },
      saraError('INTERNAL', /the worker does not export steps/),
    );
  });
});
