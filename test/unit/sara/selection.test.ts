import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  gatherMasked,
  selectAll,
  selectByThreshold,
  type NamedTensor,
} from '../../../worker/sara/selection.ts';
import { GOLDEN_SARA, readTrajectory, tensorsOf } from '../../support/golden-sara.ts';

const tensor = (name: string, values: number[], shape = [values.length]): NamedTensor => ({
  name,
  shape,
  data: Float32Array.from(values),
});

describe('selection by threshold', () => {
  it('selects the recorded 11993 entries of the recorded UNet, with the recorded digest', async () => {
    const { threshold, log } = await readTrajectory();
    const { mask, values } = await selectByThreshold(tensorsOf(`${GOLDEN_SARA}/unet`), threshold);
    assert.equal(mask.count, log[0].selected);
    assert.equal(mask.digest, log[0].mask_digest);
    assert.equal(values.length, mask.count);
  });

  it('takes entries strictly below the threshold, of biases and norms as of matrices', async () => {
    const { mask, values } = await selectByThreshold(
      [
        tensor('norm.weight', [1, 0.5, -0.25]),
        tensor('attn.weight', [0.5, -0.49, 0, -0.5], [2, 2]),
        tensor('norm.bias', [0, 3]),
      ],
      0.5,
    );
    assert.deepEqual(
      mask.entries.map(({ name, indices }) => [name, ...(indices ?? [])]),
      [
        ['attn.weight', 1, 2],
        ['norm.bias', 0],
        ['norm.weight', 2],
      ],
    );
    assert.deepEqual(values, Float32Array.of(-0.49, 0, 0, -0.25));
  });

  it('draws the line in float32, where PyTorch draws it', async () => {
    for (const theta of [0.1, 0.7]) {
      // 0.1 rounds up to float32 and 0.7 down: compared in float64, the latter would select itself.
      const { mask } = await selectByThreshold([tensor('w', [theta, -theta])], theta);
      assert.equal(mask.count, 0, `an entry of magnitude ${theta} is not below ${theta}`);
    }
  });

  it('refuses a base model with a weight that is no number, naming tensor and entry, also where nothing is selected', async () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      await assert.rejects(
        selectByThreshold([tensor('a', [1]), tensor('b.weight', [1, bad])], 0.1, {
          include: ['a'],
          exclude: [],
        }),
        {
          code: 'NOT_FINITE',
          message: /b\.weight holds (NaN|-?Infinity) at flat index 1/,
        },
      );
    }
  });

  it('refuses a threshold that is not a positive number', async () => {
    for (const theta of [0, -1, Number.NaN, Infinity]) {
      await assert.rejects(selectByThreshold([], theta), { code: 'CONFIG_INVALID' });
    }
  });

  it('leaves out what the filter leaves out', async () => {
    const { mask } = await selectByThreshold([tensor('a', [0]), tensor('b', [0])], 1, {
      include: [],
      exclude: ['a'],
    });
    assert.deepEqual(
      mask.entries.map(({ name }) => name),
      ['b'],
    );
  });
});

describe('selection of everything', () => {
  it('keeps every value in name order without writing an index list, and copies the weights', async () => {
    const source = [tensor('b', [3, 4]), tensor('a', [1, 2])];
    const { mask, values } = await selectAll(source);
    source[0].data.fill(9);
    assert.deepEqual([...values], [1, 2, 3, 4]);
    assert.ok(mask.entries.every(({ indices }) => indices === null));
  });
});

describe('values gathered by a mask', () => {
  it('are those the selection took', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
        async (data) => {
          const tensors = [tensor('w', data), tensor('frozen', [5])];
          const { mask, values } = await selectByThreshold(tensors, 0.5);
          assert.deepEqual(await gatherMasked(tensors, mask), values);
        },
      ),
    );
  });

  it('are refused from tensors that lack one, or have another shape', async () => {
    const { mask } = await selectByThreshold([tensor('w', [0, 0])], 1);
    await assert.rejects(gatherMasked([], mask), { code: 'INTERNAL', message: /lists 1 tensors, 0/ });
    await assert.rejects(gatherMasked([tensor('w', [0, 0], [1, 2])], mask), {
      code: 'INTERNAL',
      message: /w is \[1, 2\]/,
    });
  });
});
