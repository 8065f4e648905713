/** Saves a run: the state of every stage, the history, and the manifest that makes them one checkpoint. */
import { sha256Hex } from '../shared/digest.ts';
import { checkpointFolder, pruneCheckpoints, stageFileName, writeManifest } from './checkpoint-manifest.ts';
import type { StageRef } from './replica.ts';
import { longCall, type RunContext } from './run-context.ts';
import type { RunHistory } from './run-history.ts';

export interface CheckpointFacts {
  /** Updates applied. */
  readonly step: number;
  readonly baseHash: string;
  readonly threshold: number | null;
  readonly numReselections: number;
  /** One replica's, by stage. */
  readonly stages: readonly StageRef[];
  readonly history: RunHistory;
}

/** @throws SaraError DISK_WRITE_FAILED, ACTOR_DIED: the checkpoints there were are as they were */
export async function saveCheckpoint(
  context: RunContext,
  { step, baseHash, threshold, numReselections, stages: refs, history }: CheckpointFacts,
): Promise<void> {
  const { runFolder, run, config, journal } = context;
  const folder = await checkpointFolder(runFolder, step);
  const stages = await Promise.all(
    refs.map(async (stage, i) => {
      const file = stageFileName(i);
      return { file, ...(await stage.checkpoint({ file: `${folder}/${file}` }, longCall(context))) };
    }),
  );
  // Before the manifest: a history may know more than its checkpoint, never less.
  await history.save(runFolder);
  const sizeBytes = await writeManifest(folder, { run, step, baseHash, threshold, numReselections, stages });
  await pruneCheckpoints(runFolder, config.checkpoint.keepLast);
  await journal.publish({
    kind: 'checkpointed',
    path: folder,
    sizeBytes,
    digest: modelMaskDigest(stages.map(({ maskDigest }) => maskDigest)),
  });
}

/** One digest for the model's mask: that of the only stage, or a hash over those of all stages in order. */
export function modelMaskDigest(byStage: readonly string[]): string {
  return byStage.length === 1 ? byStage[0] : sha256Hex(byStage.join('\n'));
}
