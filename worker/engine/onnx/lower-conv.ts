/**
 * Convolutions and their input gradients; weight gradients are lower-conv-weight-grad.ts's.
 *
 * The input gradient of a stride 1 convolution is the convolution of dy with the weights' axes swapped and their taps
 * reversed; or, which moves less where weights outnumber pixels, with the taps as they are between two reversals of the
 * image. Swapping the axes copies the weights, which below 16x16 pixels costs more than the convolution: there
 * ConvTranspose, which needs no copy, wins (measured at every size of SD1.5).
 */
import { numElements } from '../../../shared/tensor.ts';
import type { ConvGeometry } from '../op.ts';
import type { Emitter } from './emitter.ts';

export interface ConvShapes {
  /** [B,I,H,W] */
  readonly x: readonly number[];
  /** [B,O,h,w] */
  readonly dy: readonly number[];
  /** [O,I,kh,kw] */
  readonly w: readonly number[];
}

/** Pixels of dy from which copying the weights with swapped axes pays. */
const SWAP_MIN_PIXELS = 16 * 16;

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
  if (stride === 1 && h * wOut >= SWAP_MIN_PIXELS) {
    emitSwappedConv(e, pads, [dy, w], shapes, dx);
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

/** dx of a stride 1 convolution as a convolution of dy. */
function emitSwappedConv(
  e: Emitter,
  pads: ConvGeometry['pads'],
  [dy, w]: readonly string[],
  { x, dy: dyShape, w: [outChannels, inChannels, kh, kw] }: ConvShapes,
  dx: string,
): void {
  const swapped = e.transpose(w, [1, 0, 2, 3]);
  const before = [kh - 1 - pads.top, kw - 1 - pads.left];
  const after = [kh - 1 - pads.bottom, kw - 1 - pads.right];
  const conv = (image: string, weight: string, outer: readonly number[], y?: string): string =>
    e.emit('Conv', [image, weight], { kernel_shape: [kh, kw], strides: [1, 1], pads: outer }, y);
  const numWeights = outChannels * inChannels * kh * kw;
  if (kh * kw === 1) conv(dy, swapped, [...before, ...after], dx);
  else if (numElements(dyShape) + numElements(x) < numWeights) {
    const reversed = conv(emitReversed(e, dy, dyShape), swapped, [...after, ...before]);
    emitReversed(e, reversed, x, dx);
  } else {
    const taps = emitReversed(e, swapped, [inChannels, outChannels, kh, kw]);
    conv(dy, taps, [...before, ...after], dx);
  }
}

/** Both last axes of a [.., .., H, W] tensor backwards: as one axis, which copies at twice the rate of two. */
function emitReversed(e: Emitter, value: string, [n, c, h, w]: readonly number[], y?: string): string {
  const flat = e.reshape(value, [n, c, h * w]);
  const backwards = e.slice(flat, [{ axis: 2, start: -1, end: -h * w - 1, step: -1 }]);
  return e.reshape(backwards, [n, c, h, w], y);
}
