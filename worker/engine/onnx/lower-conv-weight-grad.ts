/**
 * The weight gradient of a convolution, dw[o, i, tap] = sum over batch and pixels of dy[o] x[i, shifted by tap],
 * as GEMMs over pixels. Two layouts of the same sum:
 *
 * - `columns`: the shifted inputs side by side, [I*taps, B*pixels], then one GEMM with dy. Rows of the result are
 *   dw's own, in OIHW order. Costs a copy of the columns.
 * - `taps`: one GEMM per tap, [O, I] each, tap after tap. Costs a copy of the gradient.
 *
 * The smaller copy decides. Deep in a UNet pixels are few and gradients large; near its ends the other way round.
 */
import type { ConvGeometry } from '../op.ts';
import type { Emitter } from './emitter.ts';
import type { ConvShapes } from './lower-conv.ts';

/** Pixels below which one sample is too small for a GEMM of its own. */
const MIN_PIXELS_PER_GEMM = 16 * 16;

/** Whether dw is computed from columns, and so can be computed in blocks of rows. */
export function usesColumns({ dy, w }: Pick<ConvShapes, 'dy' | 'w'>): boolean {
  const [batch, outChannels, height, width] = dy;
  const isPointwise = w[2] * w[3] === 1;
  return isPointwise || height * width < MIN_PIXELS_PER_GEMM || batch * height * width < outChannels;
}

/** The two factors of `columns`: rows [O, B*pixels] of dy and columns [I*taps, B*pixels] of x. */
export function emitColumns(
  e: Emitter,
  geometry: ConvGeometry,
  [x, dy]: readonly string[],
  shapes: ConvShapes,
): { rows: string; columns: string } {
  const [batch, inChannels] = shapes.x;
  const [, outChannels, h, w] = shapes.dy;
  const [, , kh, kw] = shapes.w;
  const pixels = h * w;
  const channelsFirst = (value: string): string => (batch === 1 ? value : e.transpose(value, [1, 0, 2, 3]));
  const source = channelsFirst(padded(e, geometry, x));
  const windows = emitWindows(e, geometry, source, shapes).map((window) =>
    e.reshape(window, [inChannels, 1, batch * pixels]),
  );
  const sideBySide = windows.length === 1 ? windows[0] : e.emit('Concat', windows, { axis: 1 });
  return {
    rows: e.reshape(channelsFirst(dy), [outChannels, batch * pixels]),
    columns: e.reshape(sideBySide, [inChannels * kh * kw, batch * pixels]),
  };
}

/** @returns dw flat in tap-major order [kh*kw * O * I] */
export function emitTaps(
  e: Emitter,
  geometry: ConvGeometry,
  [x, dy]: readonly string[],
  shapes: ConvShapes,
): string {
  const [batch, inChannels] = shapes.x;
  const [, outChannels, h, w] = shapes.dy;
  const rows = (value: string, channels: number): string =>
    e.reshape(value, batch === 1 ? [channels, h * w] : [batch, channels, h * w]);
  const gradientRows = rows(dy, outChannels);
  const taps = emitWindows(e, geometry, padded(e, geometry, x), shapes).map((window) => {
    const inputs = [gradientRows, rows(window, inChannels)];
    const perSample = e.emit('FusedMatMul', inputs, { transA: 0, transB: 1, alpha: { float: 1 } });
    return batch === 1 ? perSample : e.sum(perSample, [0], false);
  });
  return e.reshape(e.emit('Concat', taps, { axis: 0 }), [-1]);
}

/** Tap-major flat gradient to OIHW. */
export function tapMajorToOihw(e: Emitter, flat: string, weightShape: readonly number[], dw: string): void {
  const [outChannels, inChannels, kh, kw] = weightShape;
  const parts = e.reshape(flat, [kh * kw, outChannels * inChannels]);
  e.reshape(e.transpose(parts, [1, 0]), weightShape, dw);
}

/** Flat OIHW indices as indices into the tap-major gradient, in the same order. */
export function tapMajorIndices(indices: Int32Array, numTaps: number, numPairs: number): Int32Array {
  const out = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const pair = Math.floor(indices[i] / numTaps);
    out[i] = (indices[i] - pair * numTaps) * numPairs + pair;
  }
  return out;
}

function padded(e: Emitter, { pads }: ConvGeometry, x: string): string {
  const { top, left, bottom, right } = pads;
  return top + left + bottom + right === 0 ? x : e.pad(x, [0, 0, top, left, 0, 0, bottom, right]);
}

/** Per tap, row by row of the kernel, the pixels of the padded `source` [.., .., H, W] that it meets: [.., .., h, w]. */
function emitWindows(
  e: Emitter,
  { stride, pads }: ConvGeometry,
  source: string,
  shapes: ConvShapes,
): string[] {
  const [, , height, width] = shapes.x;
  const [, , h, w] = shapes.dy;
  const [, , kh, kw] = shapes.w;
  if (kh === 1 && kw === 1 && stride === 1) return [source];
  const range = (axis: number, start: number, length: number, size: number) => ({
    axis,
    start,
    end: Math.min(size, start + (length - 1) * stride + 1),
    step: stride,
  });
  const windows: string[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const rows = range(2, i, h, height + pads.top + pads.bottom);
      windows.push(e.slice(source, [rows, range(3, j, w, width + pads.left + pads.right)]));
    }
  }
  return windows;
}
