/**
 * How attention is cut up, so that no S x S matrix is ever alive and what is alive stays in the processor's cache.
 *
 * A group is one head of one sample. Blocks are some groups whole, or some query rows of one group.
 */

/** Bytes of scores alive at once: a few of these fit a core's share of the last-level cache. */
export const ATTENTION_BLOCK_BYTES = 4 * 2 ** 20;

/** Query rows below which a block is too flat for a GEMM to run at full rate. */
const MIN_ROWS = 64;

/** Groups [groupStart, groupEnd) and query rows [rowStart, rowEnd), both half open. */
export interface AttentionBlock {
  readonly groupStart: number;
  readonly groupEnd: number;
  readonly rowStart: number;
  readonly rowEnd: number;
}

/** @returns blocks that cover every row of every group once, group by group */
export function attentionBlocks(numGroups: number, numQueries: number, numKeys: number): AttentionBlock[] {
  const fitting = Math.floor(ATTENTION_BLOCK_BYTES / (4 * numKeys));
  const rows = Math.min(numQueries, Math.max(MIN_ROWS, fitting));
  const groups = rows < numQueries ? 1 : Math.min(numGroups, Math.max(1, Math.floor(fitting / rows)));
  const blocks: AttentionBlock[] = [];
  for (let groupStart = 0; groupStart < numGroups; groupStart += groups) {
    for (let rowStart = 0; rowStart < numQueries; rowStart += rows) {
      blocks.push({
        groupStart,
        groupEnd: Math.min(numGroups, groupStart + groups),
        rowStart,
        rowEnd: Math.min(numQueries, rowStart + rows),
      });
    }
  }
  return blocks;
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
