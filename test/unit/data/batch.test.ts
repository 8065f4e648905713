import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  drawBatch,
  prepareBatch,
  prepareValidationBatch,
  validationSamples,
  type BatchPlan,
  type SampleSource,
} from '../../../worker/data/batch.ts';
import { TRANSFORMATIONS, UNCHANGED, type Variant } from '../../../worker/data/augment.ts';
import type { CaptionSettings } from '../../../worker/data/captions.ts';
import { wholeFrame } from '../../../worker/data/image.ts';
import { BatchOrder } from '../../../worker/data/order.ts';
import { NoiseSchedule } from '../../../worker/diffusion/noise-schedule.ts';
import { trainingTimesteps } from '../../../worker/diffusion/training-timesteps.ts';
import { relativeError } from '../../support/numbers.ts';

const NUM_EXAMPLES = 11;
const NUM_VALUES = 48;
const NUM_CHANNELS = 3;
const BATCH_SIZE = 12;

const schedule = NoiseSchedule.fromConfig({ prediction_type: 'v_prediction' });

/** Example i is the constant i / 10, so x0 can be told from any batch. */
const source: SampleSource = {
  numChannels: NUM_CHANNELS,
  load: (index) =>
    Promise.resolve({ values: new Float32Array(NUM_VALUES).fill(index / 10), mask: Uint8Array.of(index) }),
  frameOf: () => wholeFrame({ height: 2, width: 2 }),
  examples: Array.from({ length: NUM_EXAMPLES }, (_, i) => ({ caption: `number ${i}` })),
};

const PLAIN: CaptionSettings = {
  prefix: '',
  suffix: '',
  dropout: 0,
  shuffleTags: false,
  keepTags: 0,
  tagDropout: 0,
};

const orderOf = (seed: number) =>
  new BatchOrder(seed, BATCH_SIZE, [Uint32Array.from({ length: NUM_EXAMPLES }, (_, i) => i)]);

const plan = (changes: Partial<BatchPlan> = {}): BatchPlan => ({
  seed: 5,
  captions: { ...PLAIN, dropout: 0.25 },
  augmentation: { flip: false, paired: 0 },
  schedule,
  timesteps: trainingTimesteps(schedule, { minTimestep: 0, maxTimestep: null, timestepGrid: null }),
  noiseOffset: 0,
  inputPerturbation: 0,
  order: orderOf(5),
  ...changes,
});

const whole = { start: 0, end: BATCH_SIZE };

describe('training batch', () => {
  it('is the same however it is cut', async () => {
    const reference = await prepareBatch(plan(), 3, whole, source);
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: BATCH_SIZE - 1 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, async (inner) => {
        const bounds = [0, ...inner.sort((a, b) => a - b), BATCH_SIZE];
        const parts = [];
        for (let i = 0; i + 1 < bounds.length; i++) {
          parts.push(await prepareBatch(plan(), 3, { start: bounds[i], end: bounds[i + 1] }, source));
        }
        assert.deepEqual(
          parts.flatMap((part) => part.captions),
          reference.captions,
        );
        for (const field of ['exampleIndices', 'timesteps', 'noisy', 'target'] as const) {
          assert.deepEqual(
            parts.flatMap((part) => [...part[field]]),
            [...reference[field]],
            field,
          );
        }
      }),
      { numRuns: 25 },
    );
  });

  it('changes with the step and with the seed', async () => {
    const noisy = async (seed: number, step: number) => {
      const order = orderOf(5);
      return (await prepareBatch(plan({ seed, order }), step, { start: 0, end: 1 }, source)).noisy.join();
    };
    assert.equal(new Set([await noisy(5, 0), await noisy(5, 1), await noisy(6, 0)]).size, 3);
  });

  it('holds the example it names: x0 follows from input, target and timestep', async () => {
    const { exampleIndices, timesteps, noisy, target } = await prepareBatch(plan(), 7, whole, source);
    for (let b = 0; b < BATCH_SIZE; b++) {
      const [signal, noise] = [schedule.signalRate(timesteps[b]), schedule.noiseRate(timesteps[b])];
      const at = (values: Float32Array, i: number) => values[b * NUM_VALUES + i];
      const x0 = Array.from({ length: NUM_VALUES }, (_, i) => signal * at(noisy, i) - noise * at(target, i));
      const { values } = await source.load(exampleIndices[b], UNCHANGED, null);
      assert.ok(relativeError(x0, values) < 1e-5);
    }
  });

  it('drops captions at the given rate, never or always at the ends', () => {
    const dropped = (dropout: number) => {
      const draws = Array.from({ length: 200 }, (_, step) =>
        drawBatch(plan({ captions: { ...PLAIN, dropout } }), step, whole),
      );
      const decisions = draws.flatMap(({ captionDropped }) => captionDropped);
      return decisions.filter(Boolean).length / decisions.length;
    };
    assert.equal(dropped(0), 0);
    assert.equal(dropped(1), 1);
    // 2400 draws at 0.25: standard deviation 0.009.
    assert.ok(Math.abs(dropped(0.25) - 0.25) < 0.04);
  });

  it('replaces a dropped caption by the empty text and leaves everything else alone', async () => {
    const [kept, dropped] = await Promise.all(
      [0, 1].map((dropout) => prepareBatch(plan({ captions: { ...PLAIN, dropout } }), 2, whole, source)),
    );
    assert.ok(kept.captions.every((caption, i) => caption === `number ${kept.exampleIndices[i]}`));
    assert.ok(dropped.captions.every((caption) => caption === ''));
    assert.deepEqual(dropped.noisy, kept.noisy);
  });

  it('varies pictures and says so in their captions, the draws of a sample the same however the batch is cut', async () => {
    const varied = plan({
      augmentation: { flip: true, paired: 0.5 },
      captions: { ...PLAIN, prefix: 'flat, ', shuffleTags: true, keepTags: 1, dropout: 0.2 },
    });
    const asked: Variant[] = [];
    const recording: SampleSource = {
      ...source,
      examples: source.examples.map(({ caption }) => ({ caption: `${caption}, x, y, z` })),
      load: (index, variant, visit) => {
        asked.push(variant);
        return source.load(index, variant, visit);
      },
    };
    const batch = await prepareBatch(varied, 4, whole, recording);
    assert.deepEqual(asked, batch.variants);
    assert.deepEqual(
      batch.masks.map((mask) => mask?.[0]),
      [...batch.exampleIndices],
    );
    for (const [i, caption] of batch.captions.entries()) {
      if (batch.captionDropped[i]) assert.equal(caption, '');
      else {
        const { transformation } = batch.variants[i];
        const end = transformation === null ? '' : ` with the ${transformation} transformation`;
        assert.match(
          caption,
          new RegExp(`^flat, number ${batch.exampleIndices[i]}, [xyz], [xyz], [xyz]${end}$`),
        );
      }
    }
    const transformed = batch.variants.filter(({ transformation }) => transformation !== null);
    assert.ok(
      transformed.length > 0 && transformed.length < BATCH_SIZE,
      `of ${TRANSFORMATIONS.length} kinds`,
    );
    const second = await prepareBatch(varied, 4, { start: 5, end: 9 }, recording);
    assert.deepEqual(second.captions, batch.captions.slice(5, 9));
    assert.deepEqual(second.variants, batch.variants.slice(5, 9));
  });

  /** What the noise of a v model's pair is: signal * target + noise rate * input, sample by sample. */
  const noiseOf = ({ noisy, target, timesteps }: Awaited<ReturnType<typeof prepareBatch>>) =>
    Float32Array.from(noisy, (x, i) => {
      const t = timesteps[Math.floor(i / NUM_VALUES)];
      return schedule.signalRate(t) * target[i] + schedule.noiseRate(t) * x;
    });

  it('shifts the noise of a channel as a whole, by draws of their own, and leaves the rest alone', async () => {
    const plain = await prepareBatch(plan(), 2, whole, source);
    const offset = await prepareBatch(plan({ noiseOffset: 0.5 }), 2, whole, source);
    assert.deepEqual([offset.timesteps, offset.captions], [plain.timesteps, plain.captions]);
    const before = noiseOf(plain);
    const shifts = noiseOf(offset).map((value, i) => (value - before[i]) / 0.5);
    const perChannel = NUM_VALUES / NUM_CHANNELS;
    const draws = Array.from({ length: BATCH_SIZE * NUM_CHANNELS }, (_, i) => shifts[i * perChannel]);
    const expected = draws.flatMap((draw) => new Array<number>(perChannel).fill(draw));
    assert.ok(relativeError(shifts, expected) < 1e-5);
    // 36 standard normals: the mean has standard deviation 1/6, the mean square about sqrt(2/36).
    assert.ok(Math.abs(draws.reduce((sum, x) => sum + x, 0) / draws.length) < 0.7);
    assert.ok(Math.abs(draws.reduce((sum, x) => sum + x * x, 0) / draws.length - 1) < 1);
  });

  it('perturbs the input and not the target', async () => {
    const plain = await prepareBatch(plan(), 2, whole, source);
    const perturbed = await prepareBatch(plan({ inputPerturbation: 0.1 }), 2, whole, source);
    assert.deepEqual(perturbed.target, plain.target);
    const further = perturbed.noisy.map((x, i) => {
      const t = plain.timesteps[Math.floor(i / NUM_VALUES)];
      return (x - plain.noisy[i]) / (0.1 * schedule.noiseRate(t));
    });
    // 576 standard normals: the mean square has standard deviation 0.06.
    assert.ok(Math.abs(further.reduce((sum, x) => sum + x * x, 0) / further.length - 1) < 0.3);
  });

  it('draws only timesteps of the plan', () => {
    const draws = Array.from({ length: 20 }, (_, step) =>
      drawBatch(plan({ timesteps: Int32Array.of(7, 70, 700) }), step, whole),
    );
    assert.deepEqual([...new Set(draws.flatMap(({ timesteps }) => [...timesteps]))].sort(), [7, 70, 700]);
  });

  it('draws timesteps from the whole schedule, evenly', () => {
    const draws = Array.from({ length: 500 }, (_, step) => drawBatch(plan(), step, whole));
    const timesteps = draws.flatMap((draw) => [...draw.timesteps]);
    assert.ok(timesteps.every((t) => Number.isInteger(t) && t >= 0 && t < 1000));
    const quarters = [0, 0, 0, 0];
    for (const t of timesteps) quarters[Math.floor(t / 250)]++;
    // 1500 expected in each, standard deviation 34.
    for (const count of quarters) assert.ok(Math.abs(count - 1500) < 150, quarters.join(', '));
  });
});

describe('validation', () => {
  it('spreads timesteps evenly or takes the given ones, over the first examples', () => {
    assert.deepEqual(validationSamples(schedule, source, 2, 4), [
      { exampleIndex: 0, timestep: 125 },
      { exampleIndex: 0, timestep: 375 },
      { exampleIndex: 0, timestep: 625 },
      { exampleIndex: 0, timestep: 875 },
      { exampleIndex: 1, timestep: 125 },
      { exampleIndex: 1, timestep: 375 },
      { exampleIndex: 1, timestep: 625 },
      { exampleIndex: 1, timestep: 875 },
    ]);
    assert.deepEqual(
      validationSamples(schedule, source, 1, [0, 999]).map(({ timestep }) => timestep),
      [0, 999],
    );
    assert.equal(validationSamples(schedule, source, 1000, 1).length, NUM_EXAMPLES);
  });

  it('refuses a timestep the schedule does not have', () => {
    assert.throws(() => validationSamples(schedule, source, 1, [1000]), {
      code: 'CONFIG_INVALID',
      message: /validation\.timesteps: 1000 is not an integer in \[0, 1000\)/,
    });
  });

  it('varies neither pictures nor captions, but gives these their prefix and suffix', async () => {
    const settings = {
      ...PLAIN,
      prefix: 'flat, ',
      suffix: '!',
      dropout: 1,
      shuffleTags: true,
      tagDropout: 1,
    };
    const asked: Variant[] = [];
    const recording: SampleSource = {
      ...source,
      load: (index, variant, visit) => {
        asked.push(variant);
        return source.load(index, variant, visit);
      },
    };
    const samples = validationSamples(schedule, source, 2, 1);
    const { captions } = await prepareValidationBatch(schedule, recording, 1, samples, settings);
    assert.deepEqual(captions, ['flat, number 0!', 'flat, number 1!']);
    assert.deepEqual(asked, [UNCHANGED, UNCHANGED]);
  });

  it('noises a sample the same way alone and in company', async () => {
    const samples = validationSamples(schedule, source, 3, 2);
    const together = await prepareValidationBatch(schedule, source, 1, samples, PLAIN);
    for (const [i, sample] of samples.entries()) {
      const alone = await prepareValidationBatch(schedule, source, 1, [sample], PLAIN);
      const part = (values: Float32Array) => values.slice(i * NUM_VALUES, (i + 1) * NUM_VALUES);
      assert.deepEqual(alone.noisy, part(together.noisy));
      assert.deepEqual(alone.target, part(together.target));
      assert.deepEqual(alone.captions, [together.captions[i]]);
    }
    assert.equal(new Set(Array.from(samples, (_, i) => together.noisy[i * NUM_VALUES])).size, samples.length);
  });
});
