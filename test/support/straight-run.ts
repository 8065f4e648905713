/**
 * A run to which nothing happens, in this process, and how what came of another one is compared with it: bit for bit
 * where model and replicas are cut alike.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import type { RunReport } from '../../coordinator/report.ts';
import { SafetensorsFile } from '../../shared/safetensors.ts';
import { entryView, type MaskedVector } from '../../worker/sara/mask.ts';
import { withRun, type Shape } from './in-process-run.ts';

export interface StraightRun {
  readonly losses: readonly number[];
  readonly initial: MaskedVector;
  readonly final: MaskedVector;
}

export function straightRun(config: ResolvedRunConfig, shape: Shape): Promise<StraightRun> {
  return withRun(config, shape, async (run) => {
    await run.select();
    const initial = await run.values();
    return { losses: await run.trainTo(config.train.steps), initial, final: await run.values() };
  });
}

/** Every step once, in order, with the very losses. */
export function assertSameLosses({ trainingLosses }: RunReport, { losses }: StraightRun): void {
  assert.deepEqual(
    trainingLosses,
    losses.map((loss, step) => ({ step, loss })),
    'losses of every step',
  );
}

/** The adapter that a run has left, bit for bit. */
export async function assertSameAdapter(runFolder: string, { initial, final }: StraightRun): Promise<void> {
  const adapter = await SafetensorsFile.open(join(runFolder, 'adapter.safetensors'));
  try {
    for (const entry of final.mask.entries) {
      const start = entryView(entry, initial.vector);
      const deltas = entryView(entry, final.vector).map((value, i) => value - start[i]);
      assert.deepEqual((await adapter.read(`${entry.name}.delta`)).data, deltas, entry.name);
    }
  } finally {
    await adapter.close();
  }
}
