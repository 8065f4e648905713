import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addHistograms,
  histogramLower,
  histogramUpper,
  locateFraction,
  thresholdForFraction,
  thresholdFromHistograms,
} from '../../../worker/sara/magnitude-quantile.ts';
import { selectByThreshold, type NamedTensor } from '../../../worker/sara/selection.ts';
import { GOLDEN_SARA, tensorsOf } from '../../support/golden-sara.ts';

const tensor = (name: string, data: Iterable<number>): NamedTensor => {
  const values = Float32Array.from(data);
  return { name, shape: [values.length], data: values };
};

/** Many ties, zeros of both signs, subnormals, neighbours one bit apart. */
const anyWeights = fc.array(
  fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1.401298464324817e-45, 1, -1, 1.0000001192092896, 1e-3, -1e-3),
  ),
  { minLength: 1, maxLength: 60 },
);

describe('threshold for a fraction', () => {
  it('is the largest float32 with at most round(fraction * total) entries below it, as sorting would find it', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyWeights,
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        async (weights, fraction) => {
          const magnitudes = Float32Array.from(weights, Math.abs).sort();
          const rank = Math.round(fraction * weights.length);
          const threshold = thresholdForFraction(() => [tensor('w', weights)], fraction);
          const expected = rank === weights.length ? 3.4028234663852886e38 : magnitudes[rank];
          if (rank === 0 || expected === 0) {
            await assert.rejects(threshold, { code: 'CONFIG_INVALID' });
            return;
          }
          assert.equal(await threshold, expected);
          assert.ok(magnitudes.filter((m) => m < expected).length <= rank);
        },
      ),
    );
  });

  it('is the same however the tensors are spread over shards', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyWeights,
        anyWeights,
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        async (a, b, fraction) => {
          const shards = [[tensor('a', a)], [tensor('b', b)], []];
          const local = thresholdForFraction(() => shards.flat(), fraction).catch((error: unknown) => error);
          const spread = (async () => {
            const position = locateFraction(
              addHistograms(await Promise.all(shards.map((s) => histogramUpper(s)))),
              fraction,
            );
            const lower = await Promise.all(shards.map((s) => histogramLower(s, position.upperBin)));
            return thresholdFromHistograms(position, addHistograms(lower));
          })().catch((error: unknown) => error);
          assert.deepEqual(await spread, await local);
        },
      ),
    );
  });

  it('selects exactly that fraction of the recorded UNet', async () => {
    const open = (): AsyncIterable<NamedTensor> => tensorsOf(`${GOLDEN_SARA}/unet`);
    let total = 0;
    for await (const { data } of open()) total += data.length;
    const theta = await thresholdForFraction(open, 0.05);
    assert.equal((await selectByThreshold(open(), theta)).mask.count, Math.round(0.05 * total));
  });

  it('counts only the tensors the filter takes', async () => {
    const open = (): NamedTensor[] => [
      tensor('a', [1, 2, 3, 4]),
      tensor('b', new Array<number>(96).fill(0.5)),
    ];
    assert.equal(await thresholdForFraction(open, 0.5, { include: ['a'], exclude: [] }), 3);
  });

  it('is refused outside (0, 1], and when more entries are exactly zero than may be selected', async () => {
    const open = (): NamedTensor[] => [tensor('w', [0, 0, 0, 1])];
    for (const fraction of [0, -0.1, 1.1, Number.NaN, 1e-9]) {
      await assert.rejects(thresholdForFraction(open, fraction), {
        code: 'CONFIG_INVALID',
        message: /must lie in \(0, 1\]/,
      });
    }
    await assert.rejects(thresholdForFraction(open, 0.5), {
      code: 'CONFIG_INVALID',
      message: /exactly zero/,
    });
  });

  it('refuses weights that are no numbers instead of ranking them', async () => {
    await assert.rejects(histogramUpper([tensor('w', [1, Number.NaN])]), {
      code: 'NOT_FINITE',
      message: /tensor w/,
    });
  });
});
