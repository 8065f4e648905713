import assert from 'node:assert/strict';
import type { TensorEntry } from '../../../../shared/safetensors.ts';
import type { DType, Tensor } from '../../../../shared/tensor.ts';
import {
  partEntries,
  storedSource,
  transposedMatrix,
  type StoredTensor,
} from '../../../../worker/model/single-file/stored-tensors.ts';
import { saraError } from '../../../support/sara-error.ts';

const FUSED: StoredTensor = {
  name: 'in_proj',
  shape: [6, 2],
  parts: ['q', 'k', 'v'].map((name) => ({ name, shape: [2, 2], transposed: false })),
};

function entry(name: string, dtype: DType, shape: readonly number[], offsetBytes = 0): TensorEntry {
  const sizeBytes = shape.reduce((a, b) => a * b, dtype === 'float16' ? 2 : 4);
  return { name, dtype, shape, file: '/model.safetensors', offsetBytes, sizeBytes };
}

describe('stored tensors', () => {
  it('that are fused are read as blocks of rows, each where it lies', () => {
    const entries = new Map([['in_proj', entry('in_proj', 'float16', [6, 2], 1000)]]);
    assert.deepEqual(partEntries([FUSED], entries), [
      entry('q', 'float16', [2, 2], 1000),
      entry('k', 'float16', [2, 2], 1008),
      entry('v', 'float16', [2, 2], 1016),
    ]);
  });

  it('that are missing or transposed cannot be read in place', () => {
    assert.throws(
      () => partEntries([FUSED], new Map()),
      saraError('INTERNAL', /q cannot be read from in_proj.*missing/),
    );
    const transposed = { ...FUSED, parts: [{ name: 'p', shape: [2, 6], transposed: true }] };
    assert.throws(
      () => partEntries([transposed], new Map([['in_proj', entry('in_proj', 'float32', [6, 2])]])),
      saraError('INTERNAL', /p cannot be read from in_proj in place: it is stored transposed/),
    );
  });

  it('are written from their parts, in order, in the element type of the parts', async () => {
    const values: Record<string, number[]> = { q: [1, 2, 3, 4], k: [5, 6, 7, 8], v: [9, 10, 11, 12] };
    const entries = new Map(['q', 'k', 'v'].map((name) => [name, entry(name, 'float16', [2, 2])]));
    const read = (name: string): Promise<Tensor> =>
      Promise.resolve({ dtype: 'float16', shape: [2, 2], data: Uint16Array.from(values[name]) });
    const source = storedSource(FUSED, entries, read);
    assert.ok('load' in source && source.dtype === 'float16');
    const { data, shape } = await source.load();
    assert.deepEqual(shape, [6, 2]);
    assert.deepEqual(
      [...new Uint16Array(data.buffer, data.byteOffset, 12)],
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    );
  });

  it('cannot be fused of parts of different element types', () => {
    const entries = new Map([
      ['q', entry('q', 'float16', [2, 2])],
      ['k', entry('k', 'float32', [2, 2])],
      ['v', entry('v', 'float16', [2, 2])],
    ]);
    assert.throws(
      () => storedSource(FUSED, entries, () => Promise.reject(new Error('not read'))),
      saraError('FILE_CORRUPT', /in_proj holds q, k, v, whose element types are float16 and float32/),
    );
  });

  it('that are transposed turn row by row into column by column', () => {
    assert.deepEqual(
      transposedMatrix(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
      Float32Array.of(1, 4, 2, 5, 3, 6),
    );
  });
});
