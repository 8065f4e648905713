/**
 * Convolutions and both their gradients as the GEMMs that ONNX Runtime runs fastest.
 *
 * Weight gradient: one GEMM per kernel tap of dY with the shifted, padded input, laid out tap-major
 * ([kh*kw, O, I]); a masked gather then needs no transpose back to OIHW, only indices in that order.
 * Input gradient: for large images a convolution with flipped weights, else ConvTranspose, which needs no copy
 * of the weights (measured at SD1.5 sizes: flipping costs more than the convolution at 16x16 and below).
 */
import type { ConvGeometry } from '../op.ts';
import type { Emitter } from './emitter.ts';

interface ConvShapes {
  /** [B,I,H,W] */
  readonly x: readonly number[];
  /** [B,O,h,w] */
  readonly dy: readonly number[];
  /** [O,I,kh,kw] */
  readonly w: readonly number[];
}

/** Pixels of dY from which copying the weights flipped pays. */
const FLIP_MIN_PIXELS = 16 * 16;

/** Pixels of dY below which the batch is folded into the summed axis of the weight gradient. */
const FOLD_MAX_PIXELS = 16 * 16;

export function isMultiTap(weightShape: readonly number[]): boolean {
  return weightShape[2] * weightShape[3] > 1;
}

export function emitConv(
  e: Emitter,
  { stride, pads }: ConvGeometry,
  inputs: readonly string[],
  weightShape: readonly number[],
  y: string,
): void {
  const attributes = {
    kernel_shape: weightShape.slice(2),
    strides: [stride, stride],
    pads: [pads.top, pads.left, pads.bottom, pads.right],
  };
  e.emit('Conv', inputs, attributes, y);
}

/** dx [B,I,H,W] from dy and w. */
export function emitConvInputGrad(
  e: Emitter,
  { stride, pads }: ConvGeometry,
  [dy, w]: readonly string[],
  shapes: ConvShapes,
  dx: string,
): void {
  const [, , height, width] = shapes.x;
  const [, , h, wOut] = shapes.dy;
  const [, , kh, kw] = shapes.w;
  if (stride === 1 && h * wOut >= FLIP_MIN_PIXELS) {
    const flipped = isMultiTap(shapes.w)
      ? e.slice(w, [
          { axis: 2, start: -1, end: -kh - 1, step: -1 },
          { axis: 3, start: -1, end: -kw - 1, step: -1 },
        ])
      : w;
    const swapped = e.transpose(flipped, [1, 0, 2, 3]);
    const outer = [kh - 1 - pads.top, kw - 1 - pads.left, kh - 1 - pads.bottom, kw - 1 - pads.right];
    e.emit('Conv', [dy, swapped], { kernel_shape: [kh, kw], strides: [1, 1], pads: outer }, dx);
    return;
  }
  // Rows and columns of x that no window reaches get zeros through the output padding.
  const outputPadding = [
    height + pads.top + pads.bottom - kh - (h - 1) * stride,
    width + pads.left + pads.right - kw - (wOut - 1) * stride,
  ];
  const attributes = {
    kernel_shape: [kh, kw],
    strides: [stride, stride],
    pads: [pads.top, pads.left, pads.bottom, pads.right],
    output_padding: outputPadding,
  };
  e.emit('ConvTranspose', [dy, w], attributes, dx);
}

/**
 * @returns name of dw: [O,I] for a 1x1 kernel, else flat in tap-major order [kh*kw * O * I]
 */
export function emitConvWeightGrad(
  e: Emitter,
  { stride, pads }: ConvGeometry,
  [x, dy]: readonly string[],
  shapes: ConvShapes,
): string {
  const [batch, inChannels, height, width] = shapes.x;
  const [, outChannels, h, wOut] = shapes.dy;
  const [, , kh, kw] = shapes.w;
  const padded =
    pads.top + pads.left + pads.bottom + pads.right === 0
      ? x
      : e.pad(x, [0, 0, pads.top, pads.left, 0, 0, pads.bottom, pads.right]);
  const paddedHeight = height + pads.top + pads.bottom;
  const paddedWidth = width + pads.left + pads.right;
  // Two layouts of the same sum over batch and pixels. Channels first: factors are [channels, pixels] per sample
  // as they lie, and a batch is a batched GEMM summed afterwards. Channels last: the batch folds into the summed
  // axis, one GEMM, at the price of a transpose; better where a sample has too few pixels to fill a GEMM.
  const channelsFirst = batch === 1 || h * wOut >= FOLD_MAX_PIXELS;
  const pixels = h * wOut;
  const [rowAxis, columnAxis] = channelsFirst ? [2, 3] : [1, 2];
  const source = channelsFirst ? padded : e.transpose(padded, [0, 2, 3, 1]);
  const gradientRows = channelsFirst
    ? e.reshape(dy, batch === 1 ? [outChannels, pixels] : [batch, outChannels, pixels])
    : e.reshape(e.transpose(dy, [0, 2, 3, 1]), [batch * pixels, outChannels]);
  const product = (window: string): string => {
    const alpha = { float: 1 };
    if (!channelsFirst) {
      return e.emit('FusedMatMul', [gradientRows, e.reshape(window, [batch * pixels, inChannels])], {
        transA: 1,
        transB: 0,
        alpha,
      });
    }
    const rows = e.reshape(window, batch === 1 ? [inChannels, pixels] : [batch, inChannels, pixels]);
    const perSample = e.emit('FusedMatMul', [gradientRows, rows], { transA: 0, transB: 1, alpha });
    return batch === 1 ? perSample : e.sum(perSample, [0], false);
  };
  const taps: string[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const whole = kh === 1 && kw === 1 && stride === 1;
      const window = whole
        ? source
        : e.slice(source, [
            { axis: rowAxis, start: i, end: Math.min(paddedHeight, i + (h - 1) * stride + 1), step: stride },
            {
              axis: columnAxis,
              start: j,
              end: Math.min(paddedWidth, j + (wOut - 1) * stride + 1),
              step: stride,
            },
          ]);
      taps.push(product(window));
    }
  }
  return taps.length === 1 ? taps[0] : e.reshape(e.emit('Concat', taps, { axis: 0 }), [-1]);
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
