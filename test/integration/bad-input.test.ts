/** What a user can get wrong in model, data, settings and adapters: each refused by name, with its own code. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ERROR_CODES, type ErrorCode } from '../../shared/errors.ts';
import { SafetensorsFile, writeSafetensors } from '../../shared/safetensors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import { runSara } from '../support/sara-command.ts';
import { reportOf, TestCluster, type EndedRun } from '../support/test-cluster.ts';
import { makePictures, makeTinyRun, type Overrides, type TinyRun } from '../support/tiny-run.ts';

const UNET_FILE = 'unet/diffusion_pytorch_model.safetensors';
/** Of a safetensors file: the length of its header, little endian. */
const LENGTH_FIELD_BYTES = 8;

describe('bad input', () => {
  let tiny: TinyRun;
  let cluster: TestCluster;
  before(async () => {
    tiny = await makeTinyRun();
    cluster = await TestCluster.start(1);
  });
  after(async () => {
    assert.deepEqual(await cluster.stop(), [], 'nothing is left running');
    await tiny.remove();
  });

  const run = (overrides: Overrides): Promise<EndedRun> =>
    cluster.run(tiny.config({ preview: { prompts: [] }, ...overrides }));

  async function refused(
    overrides: Overrides,
    code: ErrorCode,
    ...messages: readonly RegExp[]
  ): Promise<EndedRun> {
    const ended = await run(overrides);
    const { state, failure } = ended.summary;
    assert.equal(state, 'failed');
    assert.equal(failure?.code, code, failure?.message);
    for (const message of messages) assert.match(failure.message, message);
    assert.deepEqual(await cluster.heldBy('worker-0'), { numActors: 0, numObjects: 0 });
    return ended;
  }

  /** A copy of the model in which something was changed. */
  async function otherModel(name: string, change: (folder: string) => Promise<void>): Promise<string> {
    const folder = join(tiny.folder, name);
    await cp(tiny.modelFolder, folder, { recursive: true });
    await change(folder);
    return folder;
  }

  async function changeUnet(folder: string, change: (tensors: Map<string, Tensor>) => void): Promise<void> {
    const file = await SafetensorsFile.open(join(folder, UNET_FILE));
    const tensors = new Map<string, Tensor>();
    for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
    await file.close();
    change(tensors);
    await writeSafetensors(
      join(folder, UNET_FILE),
      Array.from(tensors, ([name, tensor]) => ({ name, tensor })),
    );
  }

  describe('in the base model', () => {
    const path = async (name: string, change: (folder: string) => Promise<void>): Promise<Overrides> => ({
      model: { path: await otherModel(name, change) },
    });

    it('a folder that is not there', async () => {
      await refused({ model: { path: join(tiny.folder, 'nowhere') } }, 'FILE_NOT_FOUND', /nowhere/);
    });

    it('weights cut short', async () => {
      const cut = await path('cut', (folder) => truncate(join(folder, UNET_FILE), 300_000));
      await refused(cut, 'FILE_CORRUPT', /cut\/unet\/diffusion_pytorch_model\.safetensors/, /300000|300,000/);
    });

    it('weights whose header lies about sizes', async () => {
      const lying = await path('lying', async (folder) => {
        const bytes = await readFile(join(folder, UNET_FILE));
        const headerBytes = Number(bytes.readBigUInt64LE());
        const header = bytes.subarray(LENGTH_FIELD_BYTES, LENGTH_FIELD_BYTES + headerBytes).toString();
        // Same length, other shape: the bytes of the tensor no longer are its elements.
        const changed = header.replace('"shape":[8,3,3,3]', '"shape":[9,3,3,3]');
        assert.notEqual(changed, header);
        bytes.write(changed, LENGTH_FIELD_BYTES);
        await rm(join(folder, UNET_FILE));
        await writeFile(join(folder, UNET_FILE), bytes);
      });
      await refused(lying, 'FILE_CORRUPT', /conv_in\.weight/, /shape|bytes/);
    });

    it('a header longer than its file', async () => {
      const long = await path('long', async (folder) => {
        const bytes = await readFile(join(folder, UNET_FILE));
        bytes.writeBigUInt64LE(2n ** 40n);
        await rm(join(folder, UNET_FILE));
        await writeFile(join(folder, UNET_FILE), bytes);
      });
      await refused(long, 'FILE_CORRUPT', /header/);
    });

    it('a tensor that is missing, and one of another shape than config.json says', async () => {
      const missing = await path('missing', (folder) =>
        changeUnet(folder, (tensors) => tensors.delete('conv_out.bias')),
      );
      await refused(missing, 'FILE_CORRUPT', /conv_out\.bias/);
      const reshaped = await path('reshaped', (folder) =>
        changeUnet(folder, (tensors) => {
          const bias = tensors.get('conv_in.bias') ?? assert.fail('conv_in.bias is there');
          tensors.set('conv_in.bias', { ...bias, shape: [2, 4] });
        }),
      );
      await refused(reshaped, 'FILE_CORRUPT', /conv_in\.bias/);
    });

    it('weights in a pickle, which could run code', async () => {
      const pickle = await path('pickle', async (folder) => {
        await rm(join(folder, UNET_FILE));
        await writeFile(join(folder, 'unet/diffusion_pytorch_model.bin'), 'x');
      });
      await refused(pickle, 'MODEL_UNSUPPORTED', /diffusion_pytorch_model\.bin/, /safetensors/);
    });

    it('a block that is not implemented, by its name', async () => {
      const unknown = await path('unknown', async (folder) => {
        const file = join(folder, 'unet/config.json');
        const config = (await readFile(file, 'utf8')).replace('"DownBlock2D"', '"HourglassDownBlock2D"');
        await rm(file);
        await writeFile(file, config);
      });
      await refused(unknown, 'MODEL_UNSUPPORTED', /HourglassDownBlock2D/);
    });
  });

  describe('in the data', () => {
    /** A folder of pictures in which something was changed. */
    async function pictures(name: string, change: (folder: string) => Promise<void>): Promise<string> {
      const folder = join(tiny.folder, name);
      await makePictures(folder, 0, 6);
      await change(folder);
      return folder;
    }

    it('no captions at all, and one that is missing', async () => {
      const bare = await pictures('bare', async (folder) => {
        for (const name of await readdir(folder)) if (name.endsWith('.txt')) await rm(join(folder, name));
      });
      await refused({ data: { path: bare } }, 'DATA_INVALID', /bare/, /captions/, /metadata\.jsonl/);
      const one = await pictures('one', (folder) => rm(join(folder, 'picture-03.txt')));
      await refused({ data: { path: one } }, 'DATA_INVALID', /picture-03\.png/);
    });

    it('an empty folder, and one that is not there', async () => {
      await mkdir(join(tiny.folder, 'empty'));
      await refused({ data: { path: join(tiny.folder, 'empty') } }, 'DATA_INVALID', /no pictures/);
      await refused({ data: { validationPath: join(tiny.folder, 'gone') } }, 'FILE_NOT_FOUND', /gone/);
    });

    describe('a broken picture', () => {
      let broken: string;
      before(async () => {
        broken = await pictures('broken', (folder) => truncate(join(folder, 'picture-02.png'), 60));
      });

      it('ends the run by name, as the default', async () => {
        await refused({ data: { path: broken } }, 'DATA_INVALID', /picture-02\.png/);
      });

      it('is left out by name when that is asked for', async () => {
        const ended = await run({ data: { path: broken, onBrokenImage: 'skip' } });
        const report = await reportOf(ended);
        assert.equal(report.numTrainingExamples, 5);
        assert.deepEqual(
          report.skippedImages.map(({ path }) => basename(path)),
          ['picture-02.png'],
        );
        const said = ended.events.filter(
          (event) => event.kind === 'log' && event.message.includes('picture-02.png'),
        );
        assert.equal(said.length, 1);
      });
    });
  });

  describe('in the settings', () => {
    it('a learning rate at which training explodes: the step is not applied and the run says so', async () => {
      const { summary, runFolder } = await refused(
        { optimizer: { learningRate: 1e30 }, checkpoint: { everySteps: 1 } },
        'NOT_FINITE',
        /step \d/,
        /optimizer\.learningRate/,
      );
      assert.ok(summary.step < 6);
      assert.equal((await readdir(runFolder)).includes('adapter.safetensors'), false);
    });

    it('a threshold that selects nothing, and a pattern that matches nothing', async () => {
      await refused({ sara: { fraction: null, threshold: 1e-30 } }, 'CONFIG_INVALID', /threshold/);
      await refused({ sara: { include: ['no.such.*'] } }, 'CONFIG_INVALID', /no\.such\.\*/);
    });
  });

  describe('an adapter', () => {
    let adapter: string;
    before(async () => {
      const ended = await run({});
      await reportOf(ended);
      adapter = join(ended.runFolder, 'adapter.safetensors');
    });

    const sample = (model: string, adapterPath: string) =>
      runSara([
        ...['sample', '--model', model, '--adapter', adapterPath],
        ...['--prompt', 'a red cat', '--steps', '1', '--out', join(tiny.folder, 'sampled')],
      ]);

    it('is refused on another base, even one of the same shapes', async () => {
      const model = await otherModel('other-base', (folder) =>
        changeUnet(folder, (tensors) => {
          const bias = tensors.get('conv_in.bias') ?? assert.fail('conv_in.bias is there');
          (bias.data as Float32Array)[0] += 1;
        }),
      );
      const { code, stderr, leftBehind } = await sample(model, adapter);
      assert.equal(code, ERROR_CODES.ADAPTER_MISMATCH.exitCode, stderr);
      assert.match(stderr, /^sara: .*base/m);
      assert.deepEqual(leftBehind, []);
      assert.equal((await readdir(tiny.folder)).includes('sampled'), false);
    });

    it('is refused when it is cut short', async () => {
      const cut = join(tiny.folder, 'cut.safetensors');
      await cp(adapter, cut);
      await truncate(cut, 10_000);
      const { code, stderr } = await sample(tiny.modelFolder, cut);
      assert.equal(code, ERROR_CODES.FILE_CORRUPT.exitCode, stderr);
      assert.match(stderr, /^sara: .*cut\.safetensors/m);
    });
  });
}).timeout(600_000);
