/**
 * Several adapters, each at its strength, as one adapter: the sum of their changes over the union of their masks.
 * One adapter alone is scaled. Whole models are merge-model.ts.
 */
import { TOOL_VERSION } from '../../shared/version.ts';
import {
  combineAdapters,
  type Adapter,
  type AdapterMetadata,
  type WeightedAdapter,
} from '../sara/adapter.ts';

/**
 * @throws SaraError CONFIG_INVALID when a strength lies outside [0, 2] or no adapter is given; ADAPTER_MISMATCH when
 *   two adapters belong to different base models
 */
export function mergeAdapters(weighted: readonly WeightedAdapter[]): Adapter {
  const { mask, vector } = combineAdapters(weighted);
  return { mask, deltas: vector, metadata: mergedMetadata(weighted.map(({ adapter }) => adapter.metadata)) };
}

/**
 * What can still be said: every entry lies below the largest threshold, and the furthest of the runs is the age of
 * the whole. Settings on which the runs differ are zero, for there is no one value.
 */
function mergedMetadata(all: readonly AdapterMetadata[]): AdapterMetadata {
  const largest = (of: (one: AdapterMetadata) => number): number => Math.max(...all.map(of));
  const common = <T>(of: (one: AdapterMetadata) => T, none: T): T =>
    all.every((one) => of(one) === of(all[0])) ? of(all[0]) : none;
  return {
    baseModelHash: all[0].baseModelHash,
    threshold: largest(({ threshold }) => threshold),
    fraction: common<number | null>(({ fraction }) => fraction, null),
    stage: largest(({ stage }) => stage),
    step: largest(({ step }) => step),
    rankWeight: common(({ rankWeight }) => rankWeight, 0),
    learningRate: common(({ learningRate }) => learningRate, 0),
    seed: common(({ seed }) => seed, 0n),
    zeroTerminalSnr: all.some((one) => one.zeroTerminalSnr),
    toolVersion: TOOL_VERSION,
  };
}
