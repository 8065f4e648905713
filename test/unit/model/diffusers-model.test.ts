/** Opening models: what belongs together, what is broken, and that nothing stays open. */
import assert from 'node:assert/strict';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SafetensorsFile, writeSafetensors, type TensorSource } from '../../../shared/safetensors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import { trainBpe } from '../../../worker/model/bpe-training.ts';
import { DiffusersModel } from '../../../worker/model/diffusers-model.ts';
import { CONFIGS_KEY } from '../../../worker/model/single-file/open.ts';
import { writeSingleFile } from '../../../worker/model/single-file/write.ts';
import { pooledTextSize, stateSize, tokenInputs } from '../../../worker/model/text-condition.ts';
import { writeTokenizer } from '../../../worker/model/tokenizer.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import { saraError } from '../../support/sara-error.ts';
import { makeSmallLatentModel } from '../../support/small-latent-model.ts';

describe('opening a model', () => {
  let folder: string;
  let numOpenBefore: number;
  const path = (...names: string[]): string => join(folder, ...names);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-open-'));
    await makeSmallLatentModel(path('sd1'), 'sd1');
    await makeSmallLatentModel(path('sdxl'), 'sdxl', { textPrefix: '' });
    const base = await DiffusersModel.open(path('sd1'));
    const readUNet = (name: string): Promise<Tensor> => base.unetFiles.read(name);
    await writeSingleFile(base, path('sd1.safetensors'), { readUNet, metadata: {} });
    await base.close();
  });
  beforeEach(async () => {
    numOpenBefore = await numOpenFiles();
  });
  after(() => rm(folder, { recursive: true }));

  /** A copy of a model in which something was changed; refused, with every file closed again. */
  async function refused(
    base: 'sd1' | 'sdxl' | 'sd1.safetensors',
    change: (copy: string) => Promise<unknown>,
    code: ErrorCode,
    ...messages: readonly RegExp[]
  ): Promise<void> {
    const copy = path(`changed-${base}`);
    await cp(path(base), copy, { recursive: true });
    try {
      await change(copy);
      await assert.rejects(DiffusersModel.open(copy), saraError(code, ...messages));
      assert.equal(await numOpenFiles(), numOpenBefore, 'nothing stays open');
    } finally {
      await rm(copy, { recursive: true });
    }
  }

  it('gives a folder of two encoders and an autoencoder as one object', async () => {
    const model = await DiffusersModel.open(path('sdxl'));
    assert.equal(model.singleFile, null);
    assert.equal(model.text, model.textEncoders[0]);
    assert.deepEqual(
      model.textEncoders.map(({ config, numTokens }) => [config.hiddenSize, config.projectionDim, numTokens]),
      [
        [8, null, 77],
        [12, 10, 77],
      ],
    );
    assert.equal(stateSize(model.textEncoders), model.unetConfig.crossAttentionDim);
    assert.equal(pooledTextSize(model.textEncoders), 10);
    const inputs = tokenInputs(model.textEncoders, ['a cat', 'two']);
    assert.deepEqual(Object.keys(inputs), ['input_ids', 'eos_positions', 'input_ids_2', 'eos_positions_2']);
    assert.deepEqual([...inputs.eos_positions.data], [3, 77 + 2]);
    assert.deepEqual([...inputs.input_ids.data.subarray(0, 5)], [49406, 320, 2368, 49407, 49407]);
    assert.deepEqual([...inputs.input_ids_2.data.subarray(0, 5)], [49406, 320, 2368, 49407, 0]);
    await model.close();
    assert.equal(await numOpenFiles(), numOpenBefore);
  });

  it('closes a single file with its model', async () => {
    const model = await DiffusersModel.open(path('sd1.safetensors'));
    await model.close();
    assert.equal(await numOpenFiles(), numOpenBefore);
  });

  it('refuses a path where nothing is, and a folder of checkpoints where one of them was meant', async () => {
    await assert.rejects(DiffusersModel.open(path('nowhere')), saraError('FILE_NOT_FOUND', /nowhere/));
    await mkdir(path('checkpoints'));
    await cp(path('sd1.safetensors'), path('checkpoints/v1-5.safetensors'));
    await assert.rejects(
      DiffusersModel.open(path('checkpoints')),
      saraError('FILE_NOT_FOUND', /no unet\/ folder.*give .*checkpoints\/v1-5\.safetensors itself/),
    );
  });

  it('refuses a folder of another kind of pipeline by the folder that tells', async () => {
    await refused(
      'sd1',
      (copy) => rename(join(copy, 'unet'), join(copy, 'transformer')),
      'MODEL_UNSUPPORTED',
      /it has transformer\/, a diffusion transformer/,
    );
  });

  describe('refuses half a download', () => {
    for (const part of [
      'unet/diffusion_pytorch_model',
      'vae/diffusion_pytorch_model',
      'text_encoder/model',
    ]) {
      it(`of ${part}`, () =>
        refused(
          'sd1',
          (copy) => cutInHalf(join(copy, `${part}.safetensors`)),
          'FILE_CORRUPT',
          new RegExp(`${part}\\.safetensors`),
          /download or write it again/,
        ));
    }

    it('of a single file', () =>
      refused(
        'sd1.safetensors',
        cutInHalf,
        'FILE_CORRUPT',
        /changed-sd1\.safetensors/,
        /download or write it again/,
      ));

    it('of a single file that ends inside its header', () =>
      refused('sd1.safetensors', (copy) => truncate(copy, 1000), 'FILE_CORRUPT', /header length/));
  });

  describe('refuses parts that are not of one model', () => {
    it('a text encoder of another width', () =>
      refused(
        'sdxl',
        async (copy) => {
          await rm(join(copy, 'text_encoder_2'), { recursive: true });
        },
        'FILE_CORRUPT',
        /hidden_size 8, unet\/config\.json cross_attention_dim 20/,
      ));

    it('a tokenizer of more tokens than the text encoder has', () =>
      refused(
        'sd1',
        (copy) => smallText(copy, { vocab_size: 600, eos_token_id: 599 }),
        'FILE_CORRUPT',
        /tokenizer has 49408 tokens, text_encoder 600/,
      ));

    it('a tokenizer whose end token the text encoder does not look for', () =>
      refused(
        'sd1',
        (copy) =>
          writeTokenizer(join(copy, 'tokenizer'), trainBpe(['a cat'], 600), 77).then(() =>
            edit(copy, 'text_encoder/config.json', { eos_token_id: 49407 }),
          ),
        'FILE_CORRUPT',
        /tokenizer ends a text with id \d{3}, text_encoder\/config\.json has eos_token_id 49407/,
      ));

    it('pooled text that does not fit the UNet', () =>
      refused(
        'sdxl',
        async (copy) => {
          await edit(copy, 'unet/config.json', { projection_class_embeddings_input_dim: 40 });
          await changeTensors(join(copy, 'unet/diffusion_pytorch_model.safetensors'), (name, tensor) =>
            name === 'add_embedding.linear_1.weight'
              ? { ...tensor, shape: [32, 40], data: new Float32Array(32 * 40) }
              : tensor,
          );
        },
        'FILE_CORRUPT',
        /input_dim 40; pooled text of 10 and 6 time ids of 4 channels make 34/,
      ));

    it('a UNet that is shown more than latents', () =>
      refused(
        'sd1',
        async (copy) => {
          await edit(copy, 'unet/config.json', { in_channels: 9 });
          await changeTensors(join(copy, 'unet/diffusion_pytorch_model.safetensors'), (name, tensor) =>
            name === 'conv_in.weight'
              ? { ...tensor, shape: [8, 9, 3, 3], data: new Float32Array(8 * 81) }
              : tensor,
          );
        },
        'MODEL_UNSUPPORTED',
        /in_channels 9, vae\/config\.json latent_channels 4.*inpainting/,
      ));

    it('weights of another autoencoder than the config describes', () =>
      refused(
        'sd1',
        (copy) => edit(copy, 'vae/config.json', { layers_per_block: 2 }),
        'FILE_CORRUPT',
        /changed-sd1\/vae: the weights lack \d+ of the \d+ tensors config\.json asks for/,
      ));
  });

  it('refuses a single file whose own description is no description', async () => {
    const changed = (text: string) => (copy: string) =>
      changeTensors(copy, (_, tensor) => tensor, { [CONFIGS_KEY]: text });
    await refused(
      'sd1.safetensors',
      changed('{"unet": '),
      'FILE_CORRUPT',
      /metadata "sara\.configs" are not/,
    );
    await refused(
      'sd1.safetensors',
      changed('{"unet": {}}'),
      'FILE_CORRUPT',
      /metadata "sara\.configs" are not/,
    );
    await refused(
      'sd1.safetensors',
      changed('{"unet": {"act_fn": "mish"}, "vae": {}, "textEncoders": [], "scheduler": {}}'),
      'MODEL_UNSUPPORTED',
      /unet of .*changed-sd1\.safetensors: act_fn = "mish"/,
    );
  });

  it('reads the names that converting programs have given, in the shapes they have written', async () => {
    const copy = path('renamed.safetensors');
    await cp(path('sd1.safetensors'), copy);
    await changeTensors(
      copy,
      (_, tensor) => tensor,
      null,
      (name, tensor) => ({
        name: name
          .replace('cond_stage_model.transformer.text_model.', 'cond_stage_model.transformer.')
          .replace(/(mid\.attn_1\.)([qkv])\./, '$1to_$2.')
          .replace('mid.attn_1.proj_out.', 'mid.attn_1.to_out.0.'),
        tensor: /attn_1\.(q|k|v|proj_out)\.weight$/.test(name)
          ? { ...tensor, shape: tensor.shape.slice(0, 2) }
          : tensor,
      }),
    );
    const [renamed, plain] = [
      await DiffusersModel.open(copy),
      await DiffusersModel.open(path('sd1.safetensors')),
    ];
    try {
      for (const [got, wanted] of [
        [renamed.text.files, plain.text.files],
        [renamed.vae?.files ?? assert.fail(), plain.vae?.files ?? assert.fail()],
      ]) {
        for (const name of wanted.entries.keys())
          assert.deepEqual(await got.read(name), await wanted.read(name), name);
      }
    } finally {
      await Promise.all([renamed.close(), plain.close()]);
    }
  });

  async function edit(copy: string, file: string, fields: Record<string, unknown>): Promise<void> {
    const json = JSON.parse(await readFile(join(copy, file), 'utf8')) as object;
    await writeFile(join(copy, file), JSON.stringify({ ...json, ...fields }));
  }

  /** The text encoder cut to fewer tokens, config and weights. */
  async function smallText(
    copy: string,
    fields: { vocab_size: number; eos_token_id: number },
  ): Promise<void> {
    await edit(copy, 'text_encoder/config.json', fields);
    await changeTensors(join(copy, 'text_encoder/model.safetensors'), (name, tensor) =>
      name.endsWith('token_embedding.weight')
        ? { ...tensor, shape: [fields.vocab_size, 8], data: tensor.data.slice(0, fields.vocab_size * 8) }
        : tensor,
    );
  }
});

async function cutInHalf(file: string): Promise<void> {
  await truncate(file, Math.floor((await stat(file)).size / 2));
}

/**
 * Rewrites a file.
 * @param metadata null keeps what is there
 */
async function changeTensors(
  path: string,
  change: (name: string, tensor: Tensor) => Tensor,
  metadata: Record<string, string> | null = null,
  rename: (name: string, tensor: Tensor) => TensorSource = (name, tensor) => ({ name, tensor }),
): Promise<void> {
  const file = await SafetensorsFile.open(path);
  const sources: TensorSource[] = [];
  for (const name of file.entries.keys()) sources.push(rename(name, change(name, await file.read(name))));
  await file.close();
  await writeSafetensors(path, sources, metadata ?? Object.fromEntries(file.metadata));
}

/** Of this process. */
async function numOpenFiles(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}
