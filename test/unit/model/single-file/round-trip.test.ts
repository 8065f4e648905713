/** A diffusers folder as a single file and back: every tensor of every part equal, bit for bit. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseModelHash } from '../../../../shared/digest.ts';
import { SafetensorsFile, writeSafetensors, type WeightFiles } from '../../../../shared/safetensors.ts';
import { floatTensor, type Tensor } from '../../../../shared/tensor.ts';
import { createOnnxEngine } from '../../../../worker/engine/onnx/onnx-engine.ts';
import { Graph } from '../../../../worker/engine/graph.ts';
import { DiffusersModel } from '../../../../worker/model/diffusers-model.ts';
import { VaeDecoder } from '../../../../worker/model/latent-codec.ts';
import { transposedMatrix } from '../../../../worker/model/single-file/stored-tensors.ts';
import { writeModelFolder } from '../../../../worker/model/single-file/write-folder.ts';
import { writeSingleFile } from '../../../../worker/model/single-file/write.ts';
import { buildTextCondition, textWeights, tokenInputs } from '../../../../worker/model/text-condition.ts';
import { trainBpe, writeTokenizer } from '../../../../worker/model/tokenizer.ts';
import { relativeError, someNumbers } from '../../../support/numbers.ts';
import { saraError } from '../../../support/sara-error.ts';
import { makeSmallLatentModel } from '../../../support/small-latent-model.ts';

/** The same arithmetic on the same bits; the projection is another product, of the transposed matrix. */
const ROUNDING_TOLERANCE = 1e-6;

const CASES = [
  { family: 'sd1', dtype: 'float32', sharded: false, textPrefix: '' },
  { family: 'sd2', dtype: 'bfloat16', sharded: false, textPrefix: 'text_model.' },
  { family: 'sdxl', dtype: 'float16', sharded: true, textPrefix: 'text_model.' },
] as const;

describe('single-file checkpoints of whole models', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const opened: DiffusersModel[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-single-'));
    for (const { family, ...options } of CASES) {
      await makeSmallLatentModel(path(family), family, options);
      await writeUnchanged(family, `${family}.safetensors`);
    }
  });
  afterEach(() => Promise.all(opened.splice(0).map((model) => model.close())));
  after(() => rm(folder, { recursive: true }));

  async function open(name: string): Promise<DiffusersModel> {
    const model = await DiffusersModel.open(path(name));
    opened.push(model);
    return model;
  }

  async function writeUnchanged(name: string, out: string): Promise<void> {
    const base = await DiffusersModel.open(path(name));
    const readUNet = (tensor: string): Promise<Tensor> => base.unetFiles.read(tensor);
    await writeSingleFile(base, path(out), { readUNet, metadata: {} }).finally(() => base.close());
  }

  for (const { family, dtype, sharded } of CASES) {
    const stored = `${dtype}${sharded ? ', sharded' : ''}`;
    it(`of ${family} (${stored}) hold every tensor of the folder, and read as the same model`, async () => {
      const [base, single] = [await open(family), await open(`${family}.safetensors`)];
      assert.equal(single.singleFile?.family.name, family);
      assert.deepEqual(single.unetConfig, base.unetConfig);
      assert.deepEqual(single.vae?.config, base.vae?.config);
      await assertSameTensors(single.unetFiles, base.unetFiles);
      await assertSameTensors(single.vae?.files ?? assert.fail(), base.vae?.files ?? assert.fail());
      assert.equal(single.textEncoders.length, base.textEncoders.length);
      for (const [i, part] of single.textEncoders.entries()) {
        const { prefix, files, tokenizer } = base.textEncoders[i];
        await assertSameText(part.files, files, prefix);
        assert.deepEqual(tokenizer.encode('A red cat, 3d'), part.tokenizer.encode('A red cat, 3d'));
      }
      // An adapter trained on the folder belongs to the file too.
      assert.equal(await baseModelHash(single.unetFiles), await baseModelHash(base.unetFiles));
    });

    it(`of ${family} lie in the user's file: no tensor is stored elsewhere`, async () => {
      const single = await open(`${family}.safetensors`);
      const tables = [single.unetFiles, single.vae?.files, ...single.textEncoders.map(({ files }) => files)];
      const entries = tables.flatMap((table) => [...(table?.entries.values() ?? [])]);
      const file = await SafetensorsFile.open(path(`${family}.safetensors`));
      await file.close();
      assert.deepEqual(new Set(entries.map((entry) => entry.file)), new Set([file.path]));
      // Together the parts are the file's tensors, each byte once.
      const bytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      assert.equal(
        bytes,
        [...file.entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      );
      const starts = entries.map(({ offsetBytes }) => offsetBytes).sort((a, b) => a - b);
      assert.equal(new Set(starts).size, entries.length);
    });
  }

  it('give the same text states, pooled text and pictures as the folder they came from', async () => {
    const [base, single] = [await open('sdxl'), await open('sdxl.safetensors')];
    const engine = createOnnxEngine({ provider: 'cpu', numThreads: 1 });
    const run = async (model: DiffusersModel): Promise<Record<string, Tensor>> => {
      const graph = new Graph();
      const { states, pooled } = buildTextCondition(graph, model.textEncoders, { batch: 1, clipSkip: 0 });
      graph.output('states', states);
      graph.output('pooled', pooled);
      const text = await engine.compile(graph, textWeights(model.textEncoders));
      const conditions = await text.run(tokenInputs(model.textEncoders, ['two cats']));
      await text.dispose();
      const decoder = await VaeDecoder.open(model.vae ?? assert.fail(), engine, {
        batch: 1,
        height: 16,
        width: 8,
      });
      const picture = await decoder.decode(floatTensor([1, 4, 2, 1], someNumbers(8, 9)));
      await decoder.dispose();
      return { ...conditions, picture };
    };
    const [wanted, got] = [await run(base), await run(single)];
    assert.deepEqual(got.states.shape, [1, 77, 20]);
    assert.deepEqual(got.pooled.shape, [1, 10]);
    for (const name of ['states', 'pooled', 'picture']) {
      const error = relativeError(got[name].data as Float32Array, wanted[name].data as Float32Array);
      assert.ok(error < ROUNDING_TOLERANCE, `${name}: ${error}`);
    }
  });

  for (const { family, dtype } of CASES) {
    it(`of ${family} (${dtype}) become the folder they came from`, async () => {
      const [base, single] = [await open(family), await open(`${family}.safetensors`)];
      await mkdir(path('written'));
      await writeModelFolder(single, path('written'), (name) => single.unetFiles.read(name));
      const written = await open('written');
      assert.deepEqual(written.configs, base.configs);
      await assertSameTensors(written.unetFiles, base.unetFiles);
      await assertSameTensors(written.vae?.files ?? assert.fail(), base.vae?.files ?? assert.fail());
      for (const [i, { files, prefix, config, tokenizer }] of written.textEncoders.entries()) {
        const wanted = base.textEncoders[i];
        assert.deepEqual(config, wanted.config);
        assert.equal(tokenizer.padTokenId, wanted.tokenizer.padTokenId);
        const renamed = wanted.files.view(
          Array.from(wanted.files.entries.values(), (entry) => ({
            ...entry,
            name: entry.name.startsWith('text_projection')
              ? entry.name
              : prefix + entry.name.slice(wanted.prefix.length),
          })),
        );
        await assertSameTensors(files, renamed);
      }
      const index = JSON.parse(await readFile(path('written/model_index.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      const classNames = {
        sd1: 'StableDiffusionPipeline',
        sd2: 'StableDiffusionPipeline',
        sdxl: 'StableDiffusionXLPipeline',
      };
      assert.equal(index._class_name, classNames[family]);
      assert.deepEqual(index.scheduler, ['diffusers', base.configs.scheduler._class_name]);
      await rm(path('written'), { recursive: true });
    });
  }

  it('take the UNet tensors they are given, and all else from the base', async () => {
    const base = await open('sd1');
    const changed = 'up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight';
    const readUNet = async (name: string): Promise<Tensor> => {
      const tensor = await base.unetFiles.read(name);
      return name === changed ? { ...tensor, data: new Float32Array(tensor.data.length).fill(0.5) } : tensor;
    };
    await writeSingleFile(base, path('changed.safetensors'), {
      readUNet,
      metadata: { 'modelspec.title': 'mine' },
    });
    const single = await open('changed.safetensors');
    assert.equal(single.singleFile?.stored.metadata.get('modelspec.title'), 'mine');
    for (const name of base.unetFiles.entries.keys()) {
      const [was, is] = [await base.unetFiles.read(name), await single.unetFiles.read(name)];
      if (name !== changed) assert.deepEqual(is, was, name);
      else assert.ok(is.data.every((value) => value === 0.5));
    }
    await assertSameTensors(single.vae?.files ?? assert.fail(), base.vae?.files ?? assert.fail());
  });

  it('keep what a single-file base holds beside the model, but not its moving averages', async () => {
    const single = await open('sd2.safetensors');
    const stored = single.singleFile?.stored ?? assert.fail();
    const tensors = await Promise.all(
      [...stored.entries.keys()].map(async (name) => ({ name, tensor: await stored.read(name) })),
    );
    const unused = floatTensor([2], [1, 2]);
    await writeSafetensors(
      path('base.safetensors'),
      [
        ...tensors,
        { name: 'cond_stage_model.model.transformer.resblocks.23.ln_1.bias', tensor: unused },
        { name: 'model_ema.diffusion_modelout2bias', tensor: unused },
      ],
      Object.fromEntries(stored.metadata),
    );
    await writeUnchanged('base.safetensors', 'again.safetensors');
    const held = (await open('again.safetensors')).singleFile?.stored ?? assert.fail();
    assert.deepEqual(await held.read('cond_stage_model.model.transformer.resblocks.23.ln_1.bias'), unused);
    assert.ok(![...held.entries.keys()].some((name) => name.startsWith('model_ema.')));
    for (const { name, tensor } of tensors) assert.deepEqual(await held.read(name), tensor, name);
  });

  it('tell by metadata and marker tensors what the UNet estimates', async () => {
    await makeSmallLatentModel(path('velocity'), 'sdxl', {
      scheduler: { prediction_type: 'v_prediction', rescale_betas_zero_snr: true },
    });
    await writeUnchanged('velocity', 'velocity.safetensors');
    const { stored, configs } = (await open('velocity.safetensors')).singleFile ?? assert.fail();
    assert.equal(stored.metadata.get('modelspec.prediction_type'), 'v');
    assert.deepEqual(stored.entries.get('v_pred')?.shape, [0]);
    assert.deepEqual(stored.entries.get('ztsnr')?.shape, [0]);
    assert.equal(configs.scheduler.prediction_type, 'v_prediction');
    const epsilon = await open('sdxl.safetensors');
    assert.equal(epsilon.singleFile?.stored.metadata.get('modelspec.prediction_type'), 'epsilon');
    assert.ok(!epsilon.singleFile.stored.entries.has('v_pred'));
  });

  it('are refused for models that have no such form', async () => {
    const write = (model: DiffusersModel): Promise<void> =>
      writeSingleFile(model, path('none.safetensors'), {
        readUNet: (name) => model.unetFiles.read(name),
        metadata: {},
      });
    const pixels = await DiffusersModel.open('examples/emoji/base');
    opened.push(pixels);
    await assert.rejects(
      write(pixels),
      saraError('MODEL_UNSUPPORTED', /no vae\/ folder.*keep it as a folder/),
    );

    await makeSmallLatentModel(path('other-words'), 'sd1');
    await writeTokenizer(path('other-words/tokenizer'), trainBpe(['a cat'], 600), 77);
    await writeFile(path('other-words/tokenizer/special_tokens_map.json'), '{}');
    const otherWords = await open('other-words');
    await assert.rejects(
      write(otherWords),
      saraError('MODEL_UNSUPPORTED', /tokenizer has another vocabulary \(\d+ tokens\) than CLIP's \(49408\)/),
    );
  });
});

async function assertSameTensors(got: WeightFiles, wanted: WeightFiles): Promise<void> {
  assert.deepEqual([...got.entries.keys()].sort(), [...wanted.entries.keys()].sort());
  for (const name of wanted.entries.keys())
    assert.deepEqual(await got.read(name), await wanted.read(name), name);
}

/** The single file's side has `text_model.` always, and OpenCLIP's projection as it is stored. */
async function assertSameText(got: WeightFiles, wanted: WeightFiles, prefix: string): Promise<void> {
  assert.equal(got.entries.size, wanted.entries.size);
  for (const name of wanted.entries.keys()) {
    const tensor = await wanted.read(name);
    if (name === 'text_projection.weight') {
      const { shape, data } = await got.read('text_projection');
      assert.deepEqual(
        { shape, data },
        { shape: tensor.shape.toReversed(), data: transposedMatrix(tensor.data, tensor.shape) },
      );
    } else {
      assert.deepEqual(await got.read(`text_model.${name.slice(prefix.length)}`), tensor, name);
    }
  }
}
