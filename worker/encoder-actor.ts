/**
 * Fills the run's cache of encodings, before any stage is placed: the encoders and what they take are gone again when
 * training begins.
 */
import type { ActorContext, ActorMethods } from '../shared/actor/protocol.ts';
import { parseRunConfigJson } from '../shared/config.ts';
import type { EncoderArgs, EncoderProtocol } from '../shared/stage-protocol.ts';
import { DiffusersModel } from './model/diffusers-model.ts';
import { Encoders, encodingItems, type EncodingItem } from './stage/encoders.ts';
import { openRunData } from './stage/run-data.ts';
import { engineOf } from './stage/stage-setup.ts';

export class EncoderActor implements ActorMethods<EncoderProtocol> {
  readonly #model: DiffusersModel;
  readonly #encoders: Encoders;
  readonly #items: readonly EncodingItem[];
  readonly #damaged: string[];

  private constructor(
    model: DiffusersModel,
    encoders: Encoders,
    items: readonly EncodingItem[],
    damaged: string[],
  ) {
    this.#model = model;
    this.#encoders = encoders;
    this.#items = items;
    this.#damaged = damaged;
  }

  static async create(args: EncoderArgs): Promise<EncoderActor> {
    const config = parseRunConfigJson(Buffer.from(args.configJson), `configuration of run ${args.run}`);
    const model = await DiffusersModel.open(config.model.path);
    const damaged: string[] = [];
    const encoders = new Encoders({
      config,
      model,
      engine: await engineOf(config, args.numThreads),
      hashes: args.encoderHashes,
      onDamaged: (message) => damaged.push(message),
    });
    const items = encodingItems(await openRunData(config, model), config);
    return new EncoderActor(model, encoders, items, damaged);
  }

  async encode(
    { signal }: ActorContext,
    { from, to }: EncoderProtocol['encode']['args'],
  ): Promise<{ damaged: string[] }> {
    for (const item of this.#items.slice(from, to)) {
      signal.throwIfAborted();
      await this.#encoders.encode(item);
    }
    return { damaged: this.#damaged.splice(0) };
  }

  async dispose(): Promise<void> {
    await this.#encoders.dispose();
    await this.#model.close();
  }
}
