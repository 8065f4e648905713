/**
 * Makes the example's base model before any training: a diffusers folder with seeded random weights in float32.
 *
 *   npx tsx examples/emoji/make-base.ts [folder, default .cache/emoji-untrained] [image folder]
 *
 * UNet and noise schedule are those of examples/emoji/base/. The tokenizer is learnt from the captions of the
 * image folder.
 *
 * README.md tells how the trained base was made from this.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '../../shared/safetensors.ts';
import { floatTensor, numElements } from '../../shared/tensor.ts';
import { scanImageFolder } from '../../worker/data/dataset.ts';
import { parseClipTextConfig } from '../../worker/model/clip-text.ts';
import { readUNetConfig } from '../../worker/model/diffusers-config.ts';
import { initialiseClipText, initialiseParameters, type InitialParameter } from '../../worker/model/init.ts';
import { trainBpe, writeTokenizer } from '../../worker/model/tokenizer.ts';
import { unetParameters } from '../../worker/model/unet.ts';
import { prepareEmoji } from './prepare.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SEED = 20_240_925;

/** Most words of the captions become one or two tokens. */
const VOCAB_SIZE = 1536;
/** Tokens of a text: the longest caption has 16, start and end included. */
const MAX_TOKENS = 16;
const HIDDEN_SIZE = 128;

/**
 * Spread of the token embeddings, against CLIP's 0.02. At 0.02 an untrained layer's attention, which averages over
 * all words before, is much louder than the word itself; here it is a quarter of it.
 */
const TOKEN_EMBEDDING_STD = 1;
const POSITION_EMBEDDING_STD = 0.25;
const CLIP_EMBEDDING_STD = 0.02;

export interface UntrainedBase {
  readonly folder: string;
  readonly unetParameterCount: number;
  readonly textEncoderParameterCount: number;
}

/**
 * @param folder receives model_index.json, unet/, scheduler/, text_encoder/, tokenizer/
 * @param captions every caption the base will be trained on
 */
export async function makeUntrainedBase(folder: string, captions: Iterable<string>): Promise<UntrainedBase> {
  const source = join(REPOSITORY, 'examples/emoji/base');
  for (const part of ['unet', 'scheduler', 'text_encoder'])
    await mkdir(join(folder, part), { recursive: true });
  await copyFile(join(source, 'unet/config.json'), join(folder, 'unet/config.json'));
  const schedulerFile = 'scheduler/scheduler_config.json';
  await copyFile(join(source, schedulerFile), join(folder, schedulerFile));
  await writeJson(join(folder, 'model_index.json'), MODEL_INDEX);

  const bpe = trainBpe(captions, VOCAB_SIZE);
  await writeTokenizer(join(folder, 'tokenizer'), bpe, MAX_TOKENS);
  const textConfigJson = textEncoderConfig(bpe.vocab.size);
  const textConfigPath = join(folder, 'text_encoder/config.json');
  await writeJson(textConfigPath, textConfigJson);

  const textConfig = parseClipTextConfig(textConfigJson, textConfigPath);
  const textParameters = Array.from(initialiseClipText(textConfig, 'text_model.', SEED), amplifyEmbedding);
  const unetShapes = unetParameters(await readUNetConfig(join(folder, 'unet')));
  const unetWeights = Array.from(initialiseParameters(unetShapes, SEED));
  const metadata = { format: 'pt' };
  await writeSafetensors(join(folder, 'text_encoder/model.safetensors'), textParameters, metadata);
  await writeSafetensors(join(folder, 'unet/diffusion_pytorch_model.safetensors'), unetWeights, metadata);
  return {
    folder,
    unetParameterCount: countEntries(unetWeights),
    textEncoderParameterCount: countEntries(textParameters),
  };
}

const MODEL_INDEX = {
  _class_name: 'DiffusionPipeline',
  _diffusers_version: '0.31.0',
  scheduler: ['diffusers', 'DDIMScheduler'],
  text_encoder: ['transformers', 'CLIPTextModel'],
  tokenizer: ['transformers', 'CLIPTokenizer'],
  unet: ['diffusers', 'UNet2DConditionModel'],
};

function textEncoderConfig(vocabSize: number): Record<string, unknown> {
  return {
    architectures: ['CLIPTextModel'],
    model_type: 'clip_text_model',
    vocab_size: vocabSize,
    hidden_size: HIDDEN_SIZE,
    intermediate_size: 4 * HIDDEN_SIZE,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    max_position_embeddings: MAX_TOKENS,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    bos_token_id: vocabSize - 2,
    eos_token_id: vocabSize - 1,
    pad_token_id: vocabSize - 1,
  };
}

function amplifyEmbedding({ name, tensor }: InitialParameter): InitialParameter {
  const std = name.endsWith('token_embedding.weight')
    ? TOKEN_EMBEDDING_STD
    : name.endsWith('position_embedding.weight')
      ? POSITION_EMBEDDING_STD
      : CLIP_EMBEDDING_STD;
  const factor = std / CLIP_EMBEDDING_STD;
  return {
    name,
    tensor:
      factor === 1
        ? tensor
        : floatTensor(
            tensor.shape,
            tensor.data.map((x) => x * factor),
          ),
  };
}

function countEntries(parameters: readonly InitialParameter[]): number {
  return parameters.reduce((sum, { tensor }) => sum + numElements(tensor.shape), 0);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(REPOSITORY, '.cache/emoji-untrained'));
  const images =
    process.argv[3] ?? join((await prepareEmoji(join(REPOSITORY, '.cache/emoji'))).folder, 'google');
  const { examples } = await scanImageFolder(images);
  const base = await makeUntrainedBase(
    folder,
    examples.map((example) => example.caption),
  );
  const total = base.unetParameterCount + base.textEncoderParameterCount;
  console.log(
    `${folder}: UNet ${base.unetParameterCount} parameters, text encoder ${base.textEncoderParameterCount}, ` +
      `together ${total}; ${((total * 2) / 2 ** 20).toFixed(1)} MiB in float16`,
  );
}
