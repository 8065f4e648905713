/**
 * Nearest-neighbour resizing and its adjoint. Doubling, which is every case but odd sizes, is a broadcast.
 */
import type { Emitter } from './emitter.ts';

/** x [B,C,h,w] -> [B,C,H,W] */
export function emitUpsample(
  e: Emitter,
  x: string,
  from: readonly number[],
  to: readonly number[],
  y: string,
): void {
  const [batch, channels, h, w] = from;
  if (isDoubling(from, to)) {
    const apart = e.reshape(x, [batch, channels, h, 1, w, 1]);
    e.reshape(e.emit('Expand', [apart, e.ints([batch, channels, h, 2, w, 2])]), to, y);
    return;
  }
  const rows = e.emit('Gather', [x, e.ints(sourceIndices(h, to[2]))], { axis: 2 });
  e.emit('Gather', [rows, e.ints(sourceIndices(w, to[3]))], { axis: 3 }, y);
}

/** dy [B,C,H,W] -> [B,C,h,w]: each source pixel gathers the gradients of its copies. */
export function emitUpsampleGrad(
  e: Emitter,
  dy: string,
  from: readonly number[],
  to: readonly number[],
  y: string,
): void {
  const [batch, channels, h, w] = from;
  if (isDoubling(from, to)) {
    e.sum(e.reshape(dy, [batch, channels, h, 2, w, 2]), [3, 5], false, y);
    return;
  }
  const rowSums = e.emit('MatMul', [e.constant([h, to[2]], transposedSelection(h, to[2])), dy]);
  e.emit(
    'FusedMatMul',
    [rowSums, e.constant([w, to[3]], transposedSelection(w, to[3]))],
    { transA: 0, transB: 1, alpha: { float: 1 } },
    y,
  );
}

function isDoubling(from: readonly number[], to: readonly number[]): boolean {
  return to[2] === 2 * from[2] && to[3] === 2 * from[3];
}

/** Source pixel of each target pixel, in the float32 arithmetic that PyTorch's `nearest` uses. */
function sourceIndices(from: number, to: number): number[] {
  const scale = Math.fround(from / to);
  return Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(Math.fround(i * scale))));
}

/** [from, to] with a one where target pixel `to` copies source pixel `from`. */
function transposedSelection(from: number, to: number): Float32Array {
  const matrix = new Float32Array(from * to);
  for (const [i, source] of sourceIndices(from, to).entries()) matrix[source * to + i] = 1;
  return matrix;
}
