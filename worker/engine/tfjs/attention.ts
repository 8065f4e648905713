/** Attention in blocks, each dropped before the next begins, so that no S x S matrix is ever alive. */
import * as tf from '@tensorflow/tfjs-core';
import { attentionBlocks, causalMask } from '../attention-blocks.ts';
import type { Op } from '../op.ts';
import type { Formulation } from './formulation.ts';
import { matMul } from './mat-mul.ts';

/** q [B,Sq,H*D], k and v [B,Sk,H*D] -> [B,Sq,H*D]. */
export function attention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  { numHeads, scale, causal }: Extract<Op, { kind: 'attention' }>,
  formulation: Formulation,
): tf.Tensor {
  const [batch, numQueries, channels] = q.shape as [number, number, number];
  const numGroups = batch * numHeads;
  const size = channels / numHeads;
  const groups = (x: tf.Tensor): tf.Tensor => {
    const heads = tf.transpose(tf.reshape(x, [batch, -1, numHeads, size]), [0, 2, 1, 3]);
    return tf.reshape(heads, [numGroups, -1, size]);
  };
  const [queries, keys, values] = [groups(q), groups(k), groups(v)];
  const numKeys = keys.size / (numGroups * size);
  const blocks = attentionBlocks(numGroups, numQueries, numKeys).flatMap(({ groups: own, rows }) =>
    rows.map(({ start, end }) =>
      tf.tidy(() => {
        const numRows = end - start;
        const tokensOf = (x: tf.Tensor, first: number, length: number): tf.Tensor =>
          tf.slice(x, [own.start, first, 0], [own.end - own.start, length, size]);
        const query = tokensOf(queries, start, numRows);
        const key = tokensOf(keys, 0, numKeys);
        const scores = matMul(query, key, { transA: false, transB: true, alpha: scale }, formulation);
        const masked = causal
          ? tf.add(scores, tf.tensor2d(causalMask(start, numRows, numKeys), [numRows, numKeys]))
          : scores;
        const plainProduct = { transA: false, transB: false, alpha: 1 };
        const result = matMul(tf.softmax(masked), tokensOf(values, 0, numKeys), plainProduct, formulation);
        return tf.reshape(result, [-1, size]);
      }),
    ),
  );
  // Blocks cover group by group, row by row: one below the other they are all rows of all groups.
  const all = tf.reshape(tf.concat(blocks, 0), [batch, numHeads, numQueries, size]);
  return tf.reshape(tf.transpose(all, [0, 2, 1, 3]), [batch, numQueries, channels]);
}
