/**
 * What can be called of the actors a worker hosts. All that its main thread knows of them: they are made, with
 * everything they need, in threads of their own (actor-thread.ts, actors.ts).
 */
import type { ActorMethodTables } from '../shared/actor/protocol.ts';
import type { ActorClasses } from '../shared/stage-protocol.ts';

export const ACTOR_METHODS: ActorMethodTables<ActorClasses> = {
  ModelActor: { profile: 'serial' },
  EncoderActor: { encode: 'serial' },
  StageActor: {
    magnitudeHistogram: 'serial',
    resolveThreshold: 'serial',
    select: 'serial',
    prepareBatch: 'serial',
    runTask: 'serial',
    finishGradients: 'serial',
    applyUpdate: 'serial',
    prepareReselection: 'serial',
    commitReselection: 'serial',
    settle: 'serial',
    abortStep: 'serial',
    checkpoint: 'serial',
    exportValues: 'serial',
    peakMemory: 'concurrent',
  },
  ArtifactActor: {
    writeModel: 'serial',
    renderPreview: 'serial',
    renderSamples: 'serial',
    renderLoss: 'serial',
  },
};
