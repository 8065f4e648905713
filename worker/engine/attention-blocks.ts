/**
 * How attention is cut up, so that no S x S matrix is ever alive and what is alive stays in the processor's cache.
 *
 * A group is one head of one sample. Blocks are some groups whole, or some query rows of one group.
 */

/** Bytes of scores alive at once: a few of these fit a core's share of the last-level cache. */
export const ATTENTION_BLOCK_BYTES = 4 * 2 ** 20;

/** Query rows below which a block is too flat for a GEMM to run at full rate. */
const MIN_ROWS = 64;

/** [start, end) */
export interface AttentionRange {
  readonly start: number;
  readonly end: number;
}

/** Some groups and, one after the other, all their query rows. */
export interface AttentionBlock {
  readonly groups: AttentionRange;
  readonly rows: readonly AttentionRange[];
}

/** @returns blocks that cover every row of every group once, in order */
export function attentionBlocks(numGroups: number, numQueries: number, numKeys: number): AttentionBlock[] {
  const fitting = Math.floor(ATTENTION_BLOCK_BYTES / (4 * numKeys));
  const numRows = Math.min(numQueries, Math.max(MIN_ROWS, fitting));
  const groupsAtOnce = numRows < numQueries ? 1 : Math.max(1, Math.floor(fitting / numRows));
  const rows = ranges(numQueries, numRows);
  return ranges(numGroups, groupsAtOnce).map((groups) => ({ groups, rows }));
}

function ranges(total: number, size: number): AttentionRange[] {
  const numRanges = Math.ceil(total / size);
  return Array.from({ length: numRanges }, (_, i) => ({
    start: i * size,
    end: Math.min(total, (i + 1) * size),
  }));
}

/** Query rows of all groups whose scores stay within the same bound; at least one. */
export function attentionBlockRows(
  batch: number,
  numHeads: number,
  numQueries: number,
  numKeys: number,
): number {
  const rowBytes = batch * numHeads * numKeys * 4;
  return Math.max(1, Math.min(numQueries, Math.floor(ATTENTION_BLOCK_BYTES / rowBytes)));
}

/** -1e9 above the diagonal, [rows, numKeys], for query rows starting at `start`; added to the scores. */
export function causalMask(start: number, rows: number, numKeys: number): Float32Array {
  const mask = new Float32Array(rows * numKeys);
  for (let i = 0; i < rows; i++)
    mask.fill(-1e9, i * numKeys + Math.min(numKeys, start + i + 1), (i + 1) * numKeys);
  return mask;
}
