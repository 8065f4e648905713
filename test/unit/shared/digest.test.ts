import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { baseModelHash, maskDigest, sha256Hex } from '../../../shared/digest.ts';
import { WeightFiles, writeSafetensors, type TensorSource } from '../../../shared/safetensors.ts';
import { floatTensor } from '../../../shared/tensor.ts';

interface RecordedCase {
  readonly threshold: number;
  readonly log: readonly { readonly selected: number; readonly mask_digest: string }[];
}

describe('digest', () => {
  it('gives the recorded mask digest for the weights below the recorded threshold', async () => {
    const { threshold, log } = JSON.parse(
      await readFile('test/golden/sara/case.json', 'utf8'),
    ) as RecordedCase;
    const files = await WeightFiles.open('test/golden/sara/unet', 'diffusion_pytorch_model');
    const entries: { name: string; shape: readonly number[]; indices: Uint32Array }[] = [];
    for (const name of files.entries.keys()) {
      const { shape, data } = await files.readFloat32(name);
      const indices = Uint32Array.from(data.keys()).filter((i) => Math.abs(data[i]) < threshold);
      entries.push({ name, shape, indices });
    }
    await files.close();
    const numSelected = entries.reduce((sum, { indices }) => sum + indices.length, 0);
    assert.equal(numSelected, log[0].selected);
    assert.equal(maskDigest(entries), log[0].mask_digest);
  });

  it('hashes name, shape and little-endian indices of the tensors that have entries, in name order', () => {
    const expected = createHash('sha256')
      .update('a\n2,3\n')
      .update(Buffer.from('0100000005000000', 'hex'))
      .update('b\n\n')
      .update(Buffer.from('00000000', 'hex'))
      .digest('hex');
    const entries = [
      { name: 'b', shape: [], indices: Int32Array.of(0) },
      { name: 'empty', shape: [4], indices: Uint32Array.of() },
      { name: 'a', shape: [2, 3], indices: Uint32Array.of(9, 1, 5).subarray(1) },
    ];
    assert.equal(maskDigest(entries), expected);
  });

  it('depends on every index, name and shape of a mask but not on the order they are given in', () => {
    const entry = fc.record({
      name: fc.string({ minLength: 1 }),
      shape: fc.array(fc.nat(9), { maxLength: 3 }),
      indices: fc.uint32Array({ minLength: 1, maxLength: 5 }),
    });
    const mask = fc.uniqueArray(entry, { selector: ({ name }) => name, minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(mask, (entries) => {
        const digest = maskDigest(entries);
        const [first, ...others] = entries as [(typeof entries)[0], ...typeof entries];
        assert.equal(maskDigest([...others, first]), digest);
        const changedIndices = first.indices.with(0, first.indices[0] ^ 1);
        assert.notEqual(maskDigest([{ ...first, indices: changedIndices }, ...others]), digest);
        assert.notEqual(maskDigest([{ ...first, shape: [...first.shape, 7] }, ...others]), digest);
        assert.notEqual(maskDigest([{ ...first, name: `${first.name}!${first.name}` }, ...others]), digest);
        assert.notEqual(maskDigest(others), digest);
      }),
    );
  });

  it('hashes text as UTF-8', () => {
    assert.equal(sha256Hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    assert.equal(sha256Hex('ä'), sha256Hex(Uint8Array.of(0xc3, 0xa4)));
  });

  describe('of a base model', () => {
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sara-digest-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    async function hashOf(tensors: TensorSource[]): Promise<string> {
      await writeSafetensors(join(folder, 'diffusion_pytorch_model.safetensors'), tensors);
      const files = await WeightFiles.open(folder, 'diffusion_pytorch_model');
      const hash = await baseModelHash(files);
      await files.close();
      return hash;
    }

    const half = {
      name: 'b',
      tensor: { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) },
    } as const;
    const weight = { name: 'a', tensor: floatTensor([1, 2], [1, 2]) };

    it('hashes name, dtype, shape and stored bytes in name order', async () => {
      const expected = createHash('sha256')
        .update('a\nF32\n1,2\n')
        .update(Buffer.from('0000803f00000040', 'hex'))
        .update('b\nF16\n1\n')
        .update(Buffer.from('003c', 'hex'))
        .digest('hex');
      assert.equal(await hashOf([half, weight]), expected);
    });

    it('tells the same values in another element type or shape apart', async () => {
      const hash = await hashOf([half, weight]);
      assert.notEqual(await hashOf([{ name: 'b', tensor: floatTensor([1], [1]) }, weight]), hash);
      assert.notEqual(await hashOf([half, { name: 'a', tensor: floatTensor([2, 1], [1, 2]) }]), hash);
    });
  });
});
