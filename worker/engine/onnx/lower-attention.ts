/**
 * Attention in ONNX. Without a mask it is one fused operator, which computes the softmax block by block as it goes
 * and wants heads side by side, as the graph has them. Under a causal mask (text encoders, 77 tokens), and on a
 * provider whose fused operator is not to be trusted, it is written out, for blocks of query rows.
 */
import { attentionBlockRows, causalMask } from '../attention-blocks.ts';
import type { Op } from '../op.ts';
import type { Emitter } from './emitter.ts';

/**
 * q [B,Sq,H*D], k and v [B,Sk,H*D] -> [B,Sq,H*D].
 * @param mayFuse whether the provider's fused operator may be used
 */
export function emitAttention(
  e: Emitter,
  op: Extract<Op, { kind: 'attention' }>,
  inputs: readonly string[],
  shapes: { q: readonly number[]; k: readonly number[] },
  mayFuse: boolean,
  y: string,
): void {
  if (op.causal || !mayFuse) emitBlocks(e, op, inputs, shapes, y);
  else e.emit('MultiHeadAttention', inputs, { num_heads: op.numHeads, scale: { float: op.scale } }, y);
}

function emitBlocks(
  e: Emitter,
  op: Extract<Op, { kind: 'attention' }>,
  [q, k, v]: readonly string[],
  shapes: { q: readonly number[]; k: readonly number[] },
  y: string,
): void {
  const [batch, numQueries, channels] = shapes.q;
  const numKeys = shapes.k[1];
  const size = channels / op.numHeads;
  const heads = (x: string, tokens: number): string =>
    e.transpose(e.reshape(x, [batch, tokens, op.numHeads, size]), [0, 2, 1, 3]);
  const qHeads = heads(q, numQueries);
  const kHeads = heads(k, numKeys);
  const vHeads = heads(v, numKeys);
  const rows = attentionBlockRows(batch, op.numHeads, numQueries, numKeys);
  const blocks: string[] = [];
  for (let start = 0; start < numQueries; start += rows) {
    const end = Math.min(numQueries, start + rows);
    const block = rows >= numQueries ? qHeads : e.slice(qHeads, [{ axis: 2, start, end }]);
    const product = { transA: 0, transB: 1, alpha: { float: op.scale } };
    let scores = e.emit('FusedMatMul', [block, kHeads], product);
    if (op.causal) {
      const mask = e.constant([end - start, numKeys], causalMask(start, end - start, numKeys));
      scores = e.emit('Add', [scores, mask]);
    }
    blocks.push(e.emit('MatMul', [e.emit('Softmax', [scores], { axis: -1 }), vHeads]));
  }
  const all = blocks.length === 1 ? blocks[0] : e.emit('Concat', blocks, { axis: 2 });
  e.reshape(e.transpose(all, [0, 2, 1, 3]), [batch, numQueries, channels], y);
}
