/** The end of a run: what the user takes home, and report.json. */
import type { Artifact, ModelProfile } from '../shared/stage-protocol.ts';
import { TOOL_VERSION } from '../shared/version.ts';
import { linkLatest, writeReport, type RunReport } from './report.ts';
import { longCall, type RunContext } from './run-context.ts';
import type { RunHistory } from './run-history.ts';
import type { Selected } from './training.ts';
import type { WorkerGroup } from './worker-group.ts';
import { endpointOf } from './worker-registry.ts';

export interface FinishedRun {
  readonly group: WorkerGroup;
  readonly profile: ModelProfile;
  readonly selected: Selected;
  readonly history: RunHistory;
  /** When planning began. */
  readonly startedAtMs: number;
}

/** Exports the values, has a worker make the artifacts, writes the report, and points `latest` at the run. */
export async function finishRun(context: RunContext, finished: FinishedRun): Promise<RunReport> {
  const { journal, runFolder } = context;
  const artifacts = await makeArtifacts(context, finished);
  const report = await makeReport(context, finished, artifacts);
  const file = await writeReport(runFolder, report);
  await linkLatest(runFolder);
  for (const artifact of [...artifacts, { name: 'report', mediaType: 'application/json', ...file }]) {
    await journal.publish({ kind: 'artifact', ...artifact });
  }
  return report;
}

async function makeArtifacts(
  context: RunContext,
  { group, profile, selected, history }: FinishedRun,
): Promise<readonly Artifact[]> {
  const { run, configJson, runFolder, config, signal } = context;
  const { system, replicas, workers } = group;
  const options = longCall(context);
  const values = await Promise.all(
    replicas[0].stages.map(async (stage) => (await stage.exportValues({}, options)).values),
  );
  const [worker] = workers;
  const { baseHash } = profile;
  const args = { run, configJson, runFolder, baseHash, numThreads: worker.numThreads };
  const actor = await system.spawn(endpointOf(worker), 'ArtifactActor', args, { signal });
  const { threshold, learningRate, numReselections } = selected;
  const model = await actor.writeModel(
    { values, step: config.train.steps, threshold, learningRate, numReselections },
    options,
  );
  const { trainingLosses: training, validationLosses: validation } = history;
  const loss = await actor.renderLoss({ training, validation }, options);
  const samples = await actor.renderSamples({}, options);
  system.free(...values);
  return [model, loss, samples].flatMap(({ artifacts }) => artifacts);
}

async function makeReport(
  { run, config, clock, link }: RunContext,
  { group, profile, selected, history, startedAtMs }: FinishedRun,
  artifacts: readonly Artifact[],
): Promise<RunReport> {
  const { plan, workers } = group;
  const { trainingLosses, validationLosses, reselections, numGenerations, secondsPerStep } = history;
  return {
    run,
    name: config.name,
    method: config.method,
    validationLossBefore: validationLosses.at(0)?.loss ?? null,
    validationLossAfter: validationLosses.at(-1)?.loss ?? null,
    trainableCount: selected.trainableCount,
    parameterCount: selected.parameterCount,
    numStages: plan.numStages,
    numReplicas: plan.numReplicas,
    numWorkers: workers.length,
    steps: config.train.steps,
    secondsPerStep,
    samplesPerSecond: secondsPerStep === 0 ? 0 : config.train.batchSize / secondsPerStep,
    secondsTotal: (clock.nowMs() - startedAtMs) / 1000,
    peakRssBytes: await peakMemory(group),
    trainingLosses,
    validationLosses,
    reselections,
    maskDigest: selected.maskDigest,
    baseHash: profile.baseHash,
    threshold: selected.threshold,
    learningRate: selected.learningRate,
    numGenerations,
    numTrainingExamples: profile.numTrainingExamples,
    numValidationSamples: profile.numValidationSamples,
    skippedImages: profile.skippedImages,
    artifacts: artifacts.map(({ name, path, sizeBytes }) => ({ name, path, sizeBytes })),
    config,
    versions: { sara: TOOL_VERSION, node: process.versions.node, natsServer: link.serverVersion },
  };
}

/** Highest resident memory per process; this one is the coordinator's. */
async function peakMemory(group: WorkerGroup): Promise<Record<string, number>> {
  const peaks: Record<string, number> = { coordinator: process.resourceUsage().maxRSS * 1024 };
  for (const stage of group.stages)
    peaks[stage.$identity.worker.name] = (await stage.peakMemory({})).peakRssBytes;
  return peaks;
}
