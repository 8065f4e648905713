/** Profiles of made-up UNets, for tests of the planner. */
import fc from 'fast-check';
import type { BlockCost, BlockEdge, ModelProfile } from '../../shared/stage-protocol.ts';

export interface UNetSketch {
  /** Cost of each encoder block; decoder block i mirrors encoder block i. */
  readonly encoder: readonly number[];
  readonly middle: readonly number[];
  readonly decoder: readonly number[];
}

/**
 * time, enc_0 .. enc_k, mid_0 .. mid_j, dec_k .. dec_0: each block reads the one before it, dec_i also enc_i, and all
 * but the first of them (a UNet's conv_in) read `time`. A block of cost c has c GFLOP, c million parameters and c MB of activations.
 */
export function sketchProfile({ encoder, middle, decoder }: UNetSketch): ModelProfile {
  const encoderNames = encoder.map((_, i) => `enc_${i}`);
  const middleNames = middle.map((_, i) => `mid_${i}`);
  const decoderNames = decoder.map((_, i) => `dec_${i}`).reverse();
  const path = [...encoderNames, ...middleNames, ...decoderNames];
  const costs = [...encoder, ...middle, ...decoder.toReversed()];
  const blocks = [blockOf('time', 0.01), ...path.map((name, i) => blockOf(name, costs[i]))];
  const readers = new Map<string, string[]>(path.slice(0, -1).map((name, i) => [name, [path[i + 1]]]));
  for (const [i, name] of encoderNames.entries()) {
    const twin = `dec_${i}`;
    if (!decoderNames.includes(twin)) continue;
    const to = readers.get(name) ?? [];
    if (!to.includes(twin)) readers.set(name, [...to, twin]);
  }
  const edges: BlockEdge[] = [{ from: 'time', to: path.slice(1), sizeBytes: 512 }];
  for (const [from, to] of readers) edges.push({ from, to, sizeBytes: 1_000_000 });
  return {
    blocks,
    edges,
    parameterCount: blocks.reduce((sum, { parameterCount }) => sum + parameterCount, 0),
    baseHash: '0'.repeat(64),
    encoding: null,
    residentEncoderBytes: 0,
    numTrainingExamples: 16,
    numValidationSamples: 4,
    skippedImages: [],
    dataRemarks: [],
  };
}

/** UNets of up to `maxLevels` encoder blocks. */
export function anyUNet(maxLevels: number): fc.Arbitrary<ModelProfile> {
  const cost = fc.integer({ min: 1, max: 20 });
  return fc.integer({ min: 1, max: maxLevels }).chain((levels) =>
    fc
      .record({
        encoder: fc.array(cost, { minLength: levels, maxLength: levels }),
        middle: fc.array(cost, { minLength: 1, maxLength: 3 }),
        decoder: fc.array(cost, { minLength: levels, maxLength: levels }),
      })
      .map(sketchProfile),
  );
}

function blockOf(name: string, cost: number): BlockCost {
  const parameterCount = Math.round(cost * 1e6);
  return {
    name,
    flops: cost * 1e9,
    parameterCount,
    parameterBytes: 4 * parameterCount,
    largestTensorBytes: parameterCount,
    activationBytes: Math.round(cost * 1e6),
  };
}
