/**
 * Makes what a user takes home: adapter, merged model, sample sheet, loss curve.
 *
 * Runs on one worker after the stages have exported their values, and writes into the run's folder.
 */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectRef } from '../../shared/actor/object-ref.ts';
import type { ActorContext, ActorMethods } from '../../shared/actor/protocol.ts';
import { writeBytesAtomic } from '../../shared/atomic-file.ts';
import { parseRunConfigJson } from '../../shared/config.ts';
import type { ResolvedRunConfig } from '../../shared/config/run-config.ts';
import type { Artifact, ArtifactArgs, ArtifactProtocol } from '../../shared/stage-protocol.ts';
import { TOOL_VERSION } from '../../shared/version.ts';
import { importBundles } from '../checkpoint/exported-values.ts';
import type { Engine } from '../engine/engine.ts';
import { writeFullModel } from '../export/full-model.ts';
import { mergeModel } from '../export/merge-model.ts';
import { DiffusersModel } from '../model/diffusers-model.ts';
import { renderContactSheet } from '../pictures/contact-sheet.ts';
import { renderLossChart } from '../pictures/loss-chart.ts';
import { writeAdapter } from '../sara/adapter-file.ts';
import { makeAdapter, type Adapter } from '../sara/adapter.ts';
import type { MaskedVector, SparseMask } from '../sara/mask.ts';
import { gatherMasked, type NamedTensor } from '../sara/selection.ts';
import { noiseScheduleOf } from '../stage/run-data.ts';
import { baseWeights, engineOf } from '../stage/stage-setup.ts';
import { generatePictures, type PictureRequest } from './image-generator.ts';

/** Sheets show small pictures enlarged to about this many pixels. */
const SHEET_CELL_PIXELS = 96;

/** Folder of the fine-tuned model inside a run's folder. */
export const MODEL_FOLDER = 'model';

/** Sheets drawn while training, beside it. */
const PREVIEWS_FOLDER = 'previews';

export class ArtifactActor implements ActorMethods<ArtifactProtocol> {
  readonly #args: ArtifactArgs;
  readonly #config: ResolvedRunConfig;
  readonly #model: DiffusersModel;
  readonly #engine: Engine;
  /** What `writeModel` wrote, for the sheet: changes to the base, or the folder of a wholly new model. */
  #result:
    | { readonly kind: 'adapter'; readonly adapter: Adapter }
    | { readonly kind: 'model'; readonly folder: string }
    | null = null;

  private constructor(args: ArtifactArgs, config: ResolvedRunConfig, model: DiffusersModel, engine: Engine) {
    this.#args = args;
    this.#config = config;
    this.#model = model;
    this.#engine = engine;
  }

  static async create(args: ArtifactArgs): Promise<ArtifactActor> {
    const config = parseRunConfigJson(Buffer.from(args.configJson), `configuration of run ${args.run}`);
    const engine = await engineOf(config, args.numThreads);
    return new ArtifactActor(args, config, await DiffusersModel.open(config.model.path), engine);
  }

  async writeModel(
    ctx: ActorContext,
    args: ArtifactProtocol['writeModel']['args'],
  ): Promise<{ artifacts: Artifact[] }> {
    const trained = await this.#pullTrained(ctx, args.values);
    const folder = join(this.#args.runFolder, MODEL_FOLDER);
    if (this.#config.sara === null) {
      await writeFullModel(this.#model, trained, folder, {
        dtype: this.#config.output.dtype,
        zeroTerminalSnr: this.#config.objective.zeroTerminalSnr,
      });
      this.#result = { kind: 'model', folder };
      return { artifacts: [{ name: 'model', path: folder, mediaType: 'inode/directory', sizeBytes: 0 }] };
    }

    const adapter = await this.#makeAdapter(trained, args);
    const path = join(this.#args.runFolder, 'adapter.safetensors');
    await writeAdapter(path, adapter, this.#config.output.dtype);
    this.#result = { kind: 'adapter', adapter };
    const artifacts = [await artifactOf('adapter', path, 'application/octet-stream')];
    // A resumed run, or one that lost a worker here, replaces what it wrote itself the time before.
    if (!this.#config.output.mergedModel) await rm(folder, { recursive: true, force: true });
    else {
      await mergeModel(this.#config.model.path, [{ adapter, strength: 1 }], folder, 'replace');
      artifacts.push({ name: 'model', path: folder, mediaType: 'inode/directory', sizeBytes: 0 });
    }
    return { artifacts };
  }

  async renderPreview(
    ctx: ActorContext,
    { values, step }: ArtifactProtocol['renderPreview']['args'],
  ): Promise<{ artifacts: Artifact[] }> {
    const { mask, vector } = await this.#pullTrained(ctx, values);
    const base = await gatherMasked(this.#baseTensors(mask), mask);
    const deltas = { mask, vector: vector.map((value, i) => value - base[i]) };
    const images = await this.#draw(this.#model, deltas, this.#requests, ctx.signal);
    const path = join(this.#args.runFolder, PREVIEWS_FOLDER, `step-${String(step).padStart(8, '0')}.png`);
    await writeBytesAtomic(path, await this.#sheet(`step ${step}`, [{ label: `step ${step}`, images }]));
    return { artifacts: [await artifactOf('preview', path, 'image/png')] };
  }

  async renderSamples(ctx: ActorContext): Promise<{ artifacts: Artifact[] }> {
    const requests = this.#requests;
    if (requests.length === 0) return { artifacts: [] };
    const before = await this.#draw(this.#model, null, requests, ctx.signal);
    const after = await this.#drawResult(requests, ctx.signal);
    const png = await this.#sheet('base above fine-tuned', [
      { label: 'base', images: before },
      { label: 'fine-tuned', images: after },
    ]);
    const path = join(this.#args.runFolder, 'samples.png');
    await writeFile(path, png);
    return { artifacts: [await artifactOf('samples', path, 'image/png')] };
  }

  async renderLoss(
    _: ActorContext,
    args: ArtifactProtocol['renderLoss']['args'],
  ): Promise<{ artifacts: Artifact[] }> {
    const title = this.#config.name === '' ? this.#args.run : this.#config.name;
    const { svg, png } = await renderLossChart({ title: `Loss of ${title}`, ...args });
    await mkdir(this.#args.runFolder, { recursive: true });
    const paths = {
      svg: join(this.#args.runFolder, 'loss.svg'),
      png: join(this.#args.runFolder, 'loss.png'),
    };
    await writeFile(paths.svg, svg);
    await writeFile(paths.png, png);
    return {
      artifacts: [
        await artifactOf('loss', paths.svg, 'image/svg+xml'),
        await artifactOf('loss', paths.png, 'image/png'),
      ],
    };
  }

  async dispose(): Promise<void> {
    await this.#model.close();
  }

  /** Every prompt with every seed. */
  get #requests(): PictureRequest[] {
    const { prompts, seeds } = this.#config.preview;
    return prompts.flatMap((prompt) => seeds.map((seed) => ({ prompt, seed })));
  }

  async #pullTrained(ctx: ActorContext, values: readonly ObjectRef[]): Promise<MaskedVector> {
    const { entries } = baseWeights(this.#model, this.#config);
    const bundles = await Promise.all(values.map((ref) => ctx.pull(ref)));
    return importBundles(bundles, (name) => entries.get(name)?.shape ?? []);
  }

  /** @param rows one picture per request each */
  #sheet(what: string, rows: Parameters<typeof renderContactSheet>[0]['rows']): Promise<Buffer> {
    const { name, preview, data } = this.#config;
    const { sampler, numInferenceSteps, guidanceScale, seeds } = preview;
    return renderContactSheet({
      title: `${name === '' ? this.#args.run : name}: ${what}`,
      subtitle: `${sampler}, ${numInferenceSteps} steps, guidance ${guidanceScale}, seeds ${seeds.join(', ')}; the same noise in every row`,
      columnLabels: this.#requests.map(({ prompt }) => prompt),
      rows,
      imageSize: { height: data.resolution, width: data.resolution },
      scale: Math.max(1, Math.round(SHEET_CELL_PIXELS / data.resolution)),
    });
  }

  async #makeAdapter(trained: MaskedVector, args: ArtifactProtocol['writeModel']['args']): Promise<Adapter> {
    const { sara, train } = this.#config;
    const threshold = args.threshold ?? 0;
    const baseValues = await gatherMasked(this.#baseTensors(trained.mask), trained.mask);
    return makeAdapter(trained.mask, trained.vector, baseValues, {
      baseModelHash: this.#args.baseHash,
      threshold,
      fraction: sara?.fraction ?? null,
      stage: args.numReselections,
      step: args.step,
      rankWeight: sara?.rank.weight ?? 0,
      learningRate: args.learningRate,
      seed: BigInt(train.seed),
      zeroTerminalSnr: this.#config.objective.zeroTerminalSnr,
      toolVersion: TOOL_VERSION,
    });
  }

  async *#baseTensors(mask: SparseMask): AsyncGenerator<NamedTensor> {
    for (const { name, shape } of mask.entries)
      yield { name, shape, data: (await this.#model.unetFiles.readFloat32(name)).data };
  }

  async #drawResult(requests: readonly PictureRequest[], signal: AbortSignal): Promise<Float32Array[]> {
    if (this.#result === null) return [];
    if (this.#result.kind === 'adapter') {
      const { mask, deltas } = this.#result.adapter;
      return this.#draw(this.#model, { mask, vector: deltas }, requests, signal);
    }
    const model = await DiffusersModel.open(this.#result.folder);
    try {
      return await this.#draw(model, null, requests, signal);
    } finally {
      await model.close();
    }
  }

  async #draw(
    model: DiffusersModel,
    deltas: MaskedVector | null,
    requests: readonly PictureRequest[],
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    const { preview, data, model: settings } = this.#config;
    const { schedule } = noiseScheduleOf(model, this.#config);
    const size = { height: data.resolution, width: data.resolution };
    return generatePictures({ model, engine: this.#engine, schedule, deltas }, requests, {
      ...preview,
      size,
      clipSkip: settings.clipSkip,
      signal,
    });
  }
}

async function artifactOf(name: string, path: string, mediaType: string): Promise<Artifact> {
  return { name, path, mediaType, sizeBytes: (await stat(path)).size };
}
