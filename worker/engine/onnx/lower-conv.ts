/**
 * Convolutions and their input gradients; weight gradients are lower-conv-weight-grad.ts's.
 *
 * Input gradient: for large images a convolution with flipped weights, else ConvTranspose, which needs no copy
 * of the weights (measured at SD1.5 sizes: flipping costs more than the convolution at 16x16 and below).
 */
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

/** Pixels of dY from which copying the weights flipped pays. */
const FLIP_MIN_PIXELS = 16 * 16;

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
