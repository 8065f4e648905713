import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  describeConfig,
  loadRunConfig,
  parseRunConfigJson,
  resolveRunConfig,
  serializeRunConfig,
  type ConfigOverrides,
  type RunConfig,
} from '../../../../shared/config.ts';
import { SaraError } from '../../../../shared/errors.ts';

const MINIMAL_YAML = `
model: { path: base }
data: { path: pictures, resolution: 32 }
sara: { threshold: 2e-3 }
`;

const MINIMAL = {
  model: { path: '/base' },
  data: { path: '/pictures', resolution: 32 },
  sara: { threshold: 2e-3 },
} satisfies RunConfig;

function configInvalid(...messages: RegExp[]): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof SaraError, `threw ${String(thrown)}`);
    assert.equal(thrown.code, 'CONFIG_INVALID', thrown.message);
    for (const message of messages) assert.match(thrown.message, message);
    return true;
  };
}

describe('config', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-config-'));
    await mkdir(join(folder, 'runs.d'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Loads `yaml` from runs.d/run.yaml, started in `folder`. */
  async function load(yaml: string, overrides: Partial<ConfigOverrides> = {}) {
    await writeFile(join(folder, 'runs.d', 'run.yaml'), yaml);
    return loadRunConfig('runs.d/run.yaml', { folder, ...overrides });
  }

  describe('loading', () => {
    it('fills in every default, so that nothing is left to decide for whoever reads the result', async () => {
      assert.deepEqual(await load(MINIMAL_YAML), {
        name: '',
        method: 'sara',
        model: { path: join(folder, 'runs.d/base'), clipSkip: 0 },
        data: {
          path: join(folder, 'runs.d/pictures'),
          validationPath: null,
          resolution: 32,
          onBrokenImage: 'refuse',
          repeats: {},
          folderRepeats: false,
          captionExtension: '.txt',
          captionEncoding: 'utf-8',
          captionDropout: 0.1,
          captionPrefix: '',
          captionSuffix: '',
          shuffleTags: false,
          keepTags: 0,
          tagDropout: 0,
          flip: false,
          pairedAugmentation: 0,
          mask: 'none',
          unmaskedWeight: 0.1,
          normalizeMaskedArea: false,
          prior: null,
          buckets: null,
          cache: true,
        },
        sara: {
          threshold: 2e-3,
          fraction: null,
          include: [],
          exclude: [],
          rank: { weight: 5e-3, minDimension: 64, every: 'one', reshapeConvs: false },
          reselectStep: 2500,
          reselectMoments: 'keep',
        },
        objective: {
          loss: 'mse',
          huberDelta: 0.1,
          huberSchedule: 'snr',
          minSnrGamma: null,
          noiseOffset: 0,
          inputPerturbation: 0,
          zeroTerminalSnr: false,
          minTimestep: 0,
          maxTimestep: null,
          timestepGrid: null,
        },
        optimizer: {
          learningRate: null,
          betas: [0.9, 0.999],
          epsilon: 1e-8,
          weightDecay: 1e-2,
          maxGradNorm: 1,
          ema: { decay: null },
        },
        schedule: { type: 'cosine', endRatio: 0, cycles: 1, power: 1, warmupSteps: 0 },
        train: { steps: 5000, batchSize: 4, microBatchSize: 1, seed: 0, textEncoder: false },
        pipeline: { stages: null, replicas: null },
        validation: { everySteps: 500, numSamples: 64, timesteps: 8 },
        preview: {
          prompts: [],
          everySteps: 0,
          seeds: [0],
          numInferenceSteps: 25,
          guidanceScale: 3,
          sampler: 'ddim',
        },
        checkpoint: { everySteps: 500, everyMinutes: null, keepLast: 3 },
        output: { dir: join(folder, 'runs'), dtype: 'float32', mergedModel: true },
        engine: {
          name: 'onnx',
          provider: 'cpu',
          precision: 'float32',
          lossScale: 8192,
          backend: 'auto',
          numThreads: null,
          weights: 'auto',
        },
        faults: { maxRestarts: 3, replacementTimeoutMs: 30_000 },
      });
    });

    it('prefers flags to environment to file to default', async () => {
      const yaml = `${MINIMAL_YAML}train: { steps: 10, seed: 1, batchSize: 8 }`;
      const { train } = await load(yaml, {
        flags: ['train.steps=30', 'train.steps=31'],
        environment: { SARA_TRAIN_STEPS: '20', SARA_TRAIN_SEED: '2' },
      });
      assert.deepEqual(train, { steps: 31, seed: 2, batchSize: 8, microBatchSize: 1, textEncoder: false });
    });

    it('reads overrides as the field means them: text as it stands, else YAML', async () => {
      const config = await load(MINIMAL_YAML, {
        flags: [
          'name=123',
          'data.captionPrefix=a=b: ',
          'preview.prompts=[a cat, "a, dog"]',
          'validation.timesteps=[0, 500]',
          'optimizer.learningRate=1e-4',
          'data.repeats={cats: 10}',
          'data.prior.path=regular',
          'sara.threshold=null',
          'sara.fraction=.05',
        ],
        environment: {
          SARA_OUTPUT_MERGED_MODEL: 'false',
          SARA_SARA_RANK_MIN_DIMENSION: '8',
          SARA_LOG_LEVEL: 'debug',
        },
      });
      assert.equal(config.name, '123');
      assert.equal(config.data.captionPrefix, 'a=b: ');
      assert.deepEqual(config.data.repeats, { cats: 10 });
      assert.deepEqual(config.data.prior, { path: join(folder, 'regular'), weight: 1 });
      assert.deepEqual(config.preview.prompts, ['a cat', 'a, dog']);
      assert.deepEqual(config.validation.timesteps, [0, 500]);
      assert.equal(config.optimizer.learningRate, 1e-4);
      assert.deepEqual([config.sara?.threshold, config.sara?.fraction], [null, 0.05]);
      assert.equal(config.output.mergedModel, false);
      assert.equal(config.sara?.rank.minDimension, 8);
    });

    it("resolves relative paths against the file's folder in the file, against the current one elsewhere", async () => {
      const config = await load(`${MINIMAL_YAML}output: { dir: ../out }`, {
        flags: ['data.path=pictures'],
        environment: { SARA_DATA_VALIDATION_PATH: 'held-out' },
      });
      assert.equal(config.model.path, join(folder, 'runs.d/base'));
      assert.equal(config.output.dir, join(folder, 'out'));
      assert.equal(config.data.path, join(folder, 'pictures'));
      assert.equal(config.data.validationPath, join(folder, 'held-out'));
    });

    it('sets the re-selection to half of the steps unless told otherwise, 0 being never', async () => {
      const reselectStep = async (...flags: string[]) =>
        (await load(MINIMAL_YAML, { flags })).sara?.reselectStep;
      assert.equal(await reselectStep('train.steps=7'), 3);
      assert.equal(await reselectStep('train.steps=1'), 0);
      assert.equal(await reselectStep('train.steps=7', 'sara.reselectStep=0'), 0);
      assert.equal(await reselectStep('train.steps=7', 'sara.reselectStep=6'), 6);
    });

    it('takes a run of method full without a sara section', async () => {
      const yaml = 'method: full\nmodel: { path: base }\ndata: { path: pictures, resolution: 32 }';
      const config = await load(yaml, { flags: ['optimizer.learningRate=1e-4', 'train.textEncoder=true'] });
      assert.equal(config.method, 'full');
      assert.equal(config.sara, null);
    });
  });

  describe('a wrong value', () => {
    it('is refused with file, line, field, value, range and meaning', async () => {
      await assert.rejects(
        load(`${MINIMAL_YAML}train:\n  seed: 1\n  batchSize: -4\n`),
        configInvalid(
          /^runs\.d\/run\.yaml:7: train\.batchSize is -4; expected integer in \[1, 65536\] \(samples\)\. Pictures per/,
        ),
      );
    });

    it('is refused naming the flag or variable it came from', async () => {
      await assert.rejects(
        load(MINIMAL_YAML, { flags: ['train.steps=many'] }),
        configInvalid(/^--set train\.steps=many: train\.steps is "many"; expected integer/),
      );
      await assert.rejects(
        load(MINIMAL_YAML, { environment: { SARA_ENGINE_PROVIDER: 'tpu' } }),
        configInvalid(/^environment variable SARA_ENGINE_PROVIDER: .*"tpu"; expected cpu \| cuda \| webgpu/),
      );
    });

    it('is refused together with all the others, also inside lists', async () => {
      const yaml = `
data: { path: pictures, resolution: 4.5 }
optimizer: { betas: [0.9, 1] }
preview: { seeds: [1, -1] }
schedule:
`;
      await assert.rejects(
        load(yaml),
        configInvalid(
          /^5 problems in the configuration:/,
          /: model\.path is missing; expected path\. Base model/,
          /run\.yaml:2: data\.resolution is 4\.5; expected integer/,
          /run\.yaml:3: optimizer\.betas\[1\] is 1; expected optimizer\.betas: \[number in \[0, 1\), number in \[0, 1\)\]/,
          /run\.yaml:4: preview\.seeds\[1\] is -1; expected preview\.seeds: non-empty list of integer >= 0/,
          /run\.yaml:5: schedule is null; expected a section with type, endRatio, cycles, power, warmupSteps/,
        ),
      );
    });

    for (const { path, type } of describeConfig()) {
      it(`is refused by name for ${path}`, () => {
        const noValue = type.startsWith('map of') ? 'no map' : { not: 'a value' };
        const wrong = path.split('.').reduceRight<unknown>((value, key) => ({ [key]: value }), noValue);
        const [section = ''] = path.split('.');
        const merged = { ...MINIMAL, [section]: (wrong as Record<string, unknown>)[section] } as RunConfig;
        assert.throws(
          () => resolveRunConfig(merged, 'test', '/'),
          (thrown) => {
            assert.ok(thrown instanceof SaraError);
            assert.ok(
              thrown.message.includes(`${path} is ${JSON.stringify(noValue)}; expected ${type}`),
              thrown.message,
            );
            return true;
          },
        );
      });
    }
  });

  describe('an unknown key', () => {
    const CASES: [typed: string, yaml: string, advice: RegExp][] = [
      ['a misspelling', 'train: { stepps: 3 }', /train\.stepps is no field .*did you mean train\.steps\?/],
      ['another spelling', 'train: { batch_size: 3 }', /train\.batch_size .*did you mean train\.batchSize\?/],
      ['a misspelt section', 'optimiser: {}', /optimiser is no field .*did you mean optimizer\?/],
      ['a field outside its section', 'steps: 3', /steps is no field .*did you mean train\.steps\?/],
      [
        'a field in the wrong section',
        'train: { learningRate: 1 }',
        /did you mean optimizer\.learningRate\?/,
      ],
      [
        'something else',
        'engine: { turbo: 11 }',
        /engine\.turbo is no field .*known here: name, provider, precision, lossScale, backend, numThreads, weights/,
      ],
      ['a prototype', '"__proto__": { method: full }', /__proto__ is no field/],
      ['a name of the language', 'constructor: 1', /constructor is no field/],
    ];

    for (const [title, yaml, advice] of CASES) {
      it(`is refused by name with advice when it is ${title}`, async () => {
        await assert.rejects(load(`${MINIMAL_YAML}${yaml}`), configInvalid(/run\.yaml:5: /, advice));
      });
    }

    it('is one of at most twenty that are listed', async () => {
      const yaml = Array.from({ length: 25 }, (_, i) => `other${i}: 1\n`).join('');
      const loading = load(`${MINIMAL_YAML}${yaml}`);
      await assert.rejects(
        loading,
        configInvalid(/^25 problems/, /other19 is no field/, /\n {2}and 5 more$/),
      );
    });

    it('is refused in flags and variables too', async () => {
      await assert.rejects(
        load(MINIMAL_YAML, { flags: ['train.step=3'] }),
        configInvalid(/^--set train\.step=3: train\.step is no field.*did you mean train\.steps\?/),
      );
      await assert.rejects(
        load(MINIMAL_YAML, { flags: ['train=3'] }),
        configInvalid(/^--set train=3: train is no field.*did you mean/),
      );
      await assert.rejects(
        load(MINIMAL_YAML, { flags: ['train.steps'] }),
        configInvalid(/expected path=value/),
      );
      await assert.rejects(
        load(MINIMAL_YAML, { environment: { SARA_TRAIN_BATCHSIZE: '3' } }),
        configInvalid(/^environment variable SARA_TRAIN_BATCHSIZE: .*did you mean SARA_TRAIN_BATCH_SIZE\?/),
      );
    });
  });

  describe('fields that contradict each other', () => {
    const CASES: [title: string, flags: string[], message: RegExp][] = [
      [
        'a batch that does not divide into micro-batches',
        ['train.batchSize=10', 'train.microBatchSize=2', 'pipeline.replicas=2'],
        /train\.microBatchSize \* pipeline\.replicas\) must be 0, but 10 % \(2 \* 2\) = 2; .*multiple of 4/,
      ],
      [
        'threshold and fraction',
        ['sara.fraction=0.1'],
        /sara\.threshold \(0\.002\) and sara\.fraction \(0\.1\).*both/,
      ],
      ['neither of them', ['sara.threshold=null'], /exactly one of .*got none/],
      [
        'a threshold from which no learning rate follows',
        ['sara.threshold=0.02'],
        /sara\.threshold 0\.02 .*Eq\. 12.* only up to 0\.01 .*give optimizer\.learningRate/,
      ],
      ['method full with a sara section', ['method=full', 'optimizer.learningRate=1'], /has no sara section/],
      [
        'method full without a learning rate',
        ['method=full'],
        /optimizer\.learningRate is null, but method full/,
      ],
      [
        'training the text encoder with SaRA',
        ['train.textEncoder=true'],
        /method sara leaves the text encoder frozen/,
      ],
      [
        'previews of two networks that train',
        ['method=full', 'optimizer.learningRate=1', 'train.textEncoder=true', 'preview.everySteps=10'],
        /preview\.everySteps is 10, but .* train\.textEncoder is true/,
      ],
      [
        're-selection after the end',
        ['sara.reselectStep=5000'],
        /sara\.reselectStep must be below .* 5000 >= 5000/,
      ],
      [
        'edges of buckets that leave none',
        ['data.buckets.minEdge=512', 'data.buckets.maxEdge=256'],
        /data\.buckets\.minEdge must not be above data\.buckets\.maxEdge, but 512 > 256/,
      ],
      [
        'restarts of a schedule that has none',
        ['schedule.cycles=3'],
        /type is cosine, but schedule\.cycles 3 is for/,
      ],
      ['a power of a schedule that has none', ['schedule.power=2'], /schedule\.power 2 is for polynomial/],
      [
        'an end of a rate that does not fall',
        ['schedule.type=constant', 'schedule.endRatio=0.1'],
        /schedule\.endRatio 0\.1 is for a rate that falls/,
      ],
      [
        'a range of timesteps that ends before it begins',
        ['objective.minTimestep=9', 'objective.maxTimestep=8'],
        /objective\.minTimestep must not be above objective\.maxTimestep, but 9 > 8/,
      ],
      [
        'a provider of onnx for tfjs',
        ['engine.name=tfjs', 'engine.provider=webgpu'],
        /engine\.provider webgpu is for engine\.name onnx, but it is tfjs/,
      ],
      [
        'float16 for tfjs',
        ['engine.name=tfjs', 'engine.precision=float16'],
        /engine\.precision float16 is for engine\.name onnx, but it is tfjs/,
      ],
      [
        'a backend of tfjs for onnx',
        ['engine.backend=wasm'],
        /engine\.backend wasm is for engine\.name tfjs, but it is onnx/,
      ],
      ['a warm-up as long as the run', ['schedule.warmupSteps=5000'], /schedule\.warmupSteps must be below/],
    ];

    for (const [title, flags, message] of CASES) {
      it(`are refused with the broken relation: ${title}`, async () => {
        await assert.rejects(load(MINIMAL_YAML, { flags }), configInvalid(message));
      });
    }

    it('name the flag that broke the relation', async () => {
      const loading = load(MINIMAL_YAML, { flags: ['train.batchSize=5', 'train.microBatchSize=2'] });
      await assert.rejects(loading, configInvalid(/^--set train\.batchSize=5: /));
    });

    it('are accepted when a learning rate is given with a large threshold', async () => {
      const { optimizer } = await load(MINIMAL_YAML, {
        flags: ['sara.threshold=0.02', 'optimizer.learningRate=1e-4'],
      });
      assert.equal(optimizer.learningRate, 1e-4);
    });
  });

  describe('a file that is no configuration', () => {
    const bomb = Array.from(
      { length: 30 },
      (_, i) => `l${i}: &l${i} [${i === 0 ? 'x' : `*l${i - 1}, *l${i - 1}`}]`,
    );
    const CASES: [title: string, yaml: string, message: RegExp][] = [
      ['broken YAML', 'train: {\n  steps: [1\n', /^runs\.d\/run\.yaml:\d+: not valid YAML/],
      [
        'a key twice',
        'train: {}\ntrain: {}\n',
        /^runs\.d\/run\.yaml:2: not valid YAML: Map keys must be unique/,
      ],
      ['aliases that multiply', bomb.join('\n'), /not valid YAML: Excessive alias count/],
      ['endless brackets', 'a: {'.repeat(10_000), /nested deeper than 100 levels/],
      ['endless lists on one line', '- '.repeat(30_000), /nested deeper than 100 levels/],
      ['endless keys of keys', '? '.repeat(30_000), /nested deeper than 100 levels/],
      [
        'endless indentation',
        Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
        /nested deeper/,
      ],
      ['more than 64 KiB', `#${'x'.repeat(64 * 1024)}`, /larger than 65536 bytes/],
      ['a list', '- train', /the configuration is \["train"\]; expected a section with name, method/],
      ['a word', 'train', /the configuration is "train"; expected a section/],
      ['nothing', '', /model\.path is missing/],
    ];
    for (const [title, yaml, message] of CASES) {
      it(`is refused when it holds ${title}`, async () => {
        await assert.rejects(load(yaml), configInvalid(message));
      });
    }

    it('is said to be missing when it is', async () => {
      await assert.rejects(loadRunConfig('absent.yaml', { folder }), {
        code: 'FILE_NOT_FOUND',
        message: /absent\.yaml/,
      });
      await assert.rejects(loadRunConfig('runs.d', { folder }), {
        code: 'FILE_NOT_FOUND',
        message: /EISDIR/,
      });
    });
  });

  describe('as JSON', () => {
    it('comes back equal, whatever it holds', () => {
      const arbitrary = fc.record({
        name: fc.string({ unit: 'grapheme', maxLength: 20 }),
        captionPrefix: fc.string({ unit: 'grapheme' }),
        threshold: fc.double({ min: 1e-300, max: 1e-2, noNaN: true }),
        steps: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        seed: fc.maxSafeNat(),
        prompts: fc.array(fc.string({ unit: 'grapheme' })),
        timesteps: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.array(fc.nat(999), { minLength: 1 })),
        decay: fc.option(fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true })),
      });
      fc.assert(
        fc.property(
          arbitrary,
          ({ name, captionPrefix, threshold, steps, seed, prompts, timesteps, decay }) => {
            const config = resolveRunConfig(
              {
                ...MINIMAL,
                name,
                data: { ...MINIMAL.data, captionPrefix },
                sara: { threshold },
                train: { steps, seed },
                preview: { prompts },
                validation: { timesteps },
                optimizer: { ema: { decay } },
              },
              'test',
              '/somewhere',
            );
            assert.deepEqual(parseRunConfigJson(serializeRunConfig(config), 'wire'), config);
          },
        ),
      );
    });

    it('is refused when a path in it is relative, for it would mean another place here', () => {
      const bytes = (config: RunConfig) => new TextEncoder().encode(JSON.stringify(config));
      assert.throws(
        () => parseRunConfigJson(bytes({ ...MINIMAL, output: { dir: 'runs' } }), 'request'),
        configInvalid(/^request: output\.dir is "runs"; expected an absolute path/),
      );
      assert.throws(
        () => parseRunConfigJson(bytes(MINIMAL), 'request'),
        configInvalid(/output\.dir is "runs"/),
      );
    });

    it('never fails with anything but a typed error, whatever the bytes', () => {
      const sound = serializeRunConfig(resolveRunConfig(MINIMAL, 'test', '/'));
      fc.assert(
        fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
          const bytes = cut ? sound.slice(0, at) : sound.with(at, byte);
          try {
            parseRunConfigJson(bytes, 'request');
          } catch (error) {
            assert.ok(error instanceof SaraError && error.code === 'CONFIG_INVALID', String(error));
          }
        }),
        { numRuns: 500 },
      );
      assert.throws(
        () => parseRunConfigJson(new Uint8Array(64 * 1024 + 1), 'request'),
        configInvalid(/larger than/),
      );
      assert.throws(
        () => parseRunConfigJson(new TextEncoder().encode('{"name":"a","name":"b"}'), 'request'),
        configInvalid(/"name" twice/),
      );
    });
  });
});
