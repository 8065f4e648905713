/**
 * Looks at a run's model and data before anything is placed: block costs for the planner, hash of the base, counts
 * of examples. Everything a user can get wrong in model and data folders is found here, before a step is paid for.
 */
import type { ActorContext, ActorMethods } from '../shared/actor/protocol.ts';
import { parseRunConfigJson } from '../shared/config.ts';
import type { ResolvedRunConfig } from '../shared/config/run-config.ts';
import { baseModelHash } from '../shared/digest.ts';
import { SaraError } from '../shared/errors.ts';
import type { InputSize, ModelProfile, ModelProtocol, RunPlace } from '../shared/stage-protocol.ts';
import { blockCosts, blockEdges } from './engine/cost.ts';
import type { Graph } from './engine/graph.ts';
import { DiffusersModel } from './model/diffusers-model.ts';
import { checkParameters } from './model/parameters.ts';
import { unetParameters } from './model/unet.ts';
import { requireEveryPatternMatches } from './sara/tensor-filter.ts';
import { encoderHashes, encodingItems, residentEncoderBytes } from './stage/encoders.ts';
import {
  brokenImages,
  dataRemarks,
  heldOutSamples,
  noiseScheduleOf,
  openRunData,
  pictureSizes,
  type RunData,
} from './stage/run-data.ts';
import { inputSize, trainingGraphOf } from './stage/stage-setup.ts';

export class ModelActor implements ActorMethods<ModelProtocol> {
  readonly #config: ResolvedRunConfig;

  constructor(args: RunPlace) {
    this.#config = parseRunConfigJson(Buffer.from(args.configJson), `configuration of run ${args.run}`);
  }

  profile(_: ActorContext): Promise<ModelProfile> {
    return profileRun(this.#config);
  }
}

/** @throws SaraError of whatever is wrong with the run's model or data, naming file and field */
export async function profileRun(config: ResolvedRunConfig): Promise<ModelProfile> {
  const model = await DiffusersModel.open(config.model.path);
  try {
    requireFolderForFull(config, model);
    checkParameters(unetParameters(model.unetConfig), model.unetFiles.entries, model.unetFiles.source);
    if (config.sara !== null) requireEveryPatternMatches(config.sara, model.unetFiles.entries.keys());
    const { schedule } = noiseScheduleOf(model, config);
    requireWholeLatents(config, model); // before every picture is decoded
    const data = await openRunData(config, model);
    const graph = largestGraph(data, config, model);
    const blocks = blockCosts(graph);
    const hashes = await encoderHashes(model, config);
    return {
      blocks,
      edges: blockEdges(graph),
      parameterCount: blocks.reduce((sum, block) => sum + block.parameterCount, 0),
      baseHash: await baseModelHash(model.unetFiles),
      encoding: hashes === null ? null : { hashes, numItems: encodingItems(data, config).length },
      residentEncoderBytes: residentEncoderBytes(model, config, hashes),
      numTrainingExamples: data.training.examples.length,
      numValidationSamples: heldOutSamples(data, schedule, config).length,
      skippedImages: brokenImages(data),
      dataRemarks: dataRemarks(data, config),
    };
  } finally {
    await model.close();
  }
}

function requireWholeLatents({ data }: ResolvedRunConfig, model: DiffusersModel): void {
  const edges = [data.resolution, ...(data.buckets === null ? [] : [data.buckets.step])];
  for (const edge of edges) inputSize(model, { height: edge, width: edge });
}

/** Of every size the run trains or validates at; the largest is what the planner must make room for. */
function largestGraph(data: RunData, config: ResolvedRunConfig, model: DiffusersModel): Graph {
  const sizes = pictureSizes(data, config).map((size) => inputSize(model, size));
  const area = ({ height, width }: InputSize): number => height * width;
  const [graph] = sizes
    .sort((a, b) => area(b) - area(a))
    .map((size) => trainingGraphOf(config, model, config.train.microBatchSize, size));
  return graph;
}

/** A model trained in full is written as a folder of the base's own layout. */
function requireFolderForFull({ method }: ResolvedRunConfig, { singleFile, path }: DiffusersModel): void {
  if (method !== 'full' || singleFile === null) return;
  throw new SaraError(
    'MODEL_UNSUPPORTED',
    `method full writes a diffusers folder beside its base, but ${path} is a single file; give a diffusers ` +
      'folder, or set method: sara',
    { model: path },
  );
}
