/** A plan as text: the table that `sara plan` prints and that a run shows before it starts. */
import { formatBytes } from '../../shared/bytes.ts';
import { alignColumns } from '../../shared/table.ts';
import type { RunPlan, StageEstimate } from './run-plan.ts';

const HEADER = [
  'stage',
  'workers',
  'blocks',
  'weights',
  'trained',
  'activations',
  'peak',
  'GFLOP',
  'share of time',
];

/** Width of a full bar in the last column. */
const BAR_WIDTH = 20;

/**
 * For example:
 *
 *     2 stages x 1 replica, 4 micro-batches of 4 samples each, 189 kB between the stages per sample
 *
 *     stage  workers   blocks                                       weights  ...  share of time
 *     0      worker-0  time_embedding .. down_blocks.1.resnets.0    2.1 MB   ...  49.5 % ##########
 *                      up_blocks.2.resnets.0 .. conv_out
 */
export function planTable(plan: RunPlan): string {
  const rows = plan.stages.flatMap((estimate) => stageRows(plan, estimate));
  return `${headline(plan)}\n\n${alignColumns([HEADER, ...rows]).join('\n')}\n`;
}

function headline(plan: RunPlan): string {
  const shape = `${counted(plan.numStages, 'stage')} x ${counted(plan.numReplicas, 'replica')}`;
  const batch =
    `${counted(plan.microBatchesPerReplica, 'micro-batch', 'micro-batches')} of ` +
    `${counted(plan.microBatchSize, 'sample')} ${plan.numReplicas > 1 ? 'for each replica' : 'in a step'}`;
  const wire =
    plan.numStages > 1 ? `, ${formatBytes(plan.wireBytesPerSample)} between the stages for each sample` : '';
  return `${shape}, ${batch}${wire}`;
}

/** One line for each segment; the figures stand on the first. */
function stageRows(plan: RunPlan, estimate: StageEstimate): string[][] {
  const { stage } = estimate;
  const workers = plan.placements
    .filter((placement) => placement.stage === stage)
    .map(({ worker }) => worker);
  const segments = plan.segments
    .filter((segment) => segment.stage === stage)
    .map(({ blocks }) => rangeOf(blocks));
  const percent = `${(estimate.shareOfTime * 100).toFixed(1)} %`.padStart(7);
  const figures = [
    formatBytes(estimate.parameterBytes),
    formatBytes(estimate.trainedBytes),
    formatBytes(estimate.activationBytes),
    formatBytes(estimate.peakBytes),
    (estimate.flops / 1e9).toFixed(1),
    `${percent} ${'#'.repeat(Math.round(estimate.shareOfTime * BAR_WIDTH))}`,
  ];
  const numLines = Math.max(workers.length, segments.length);
  return Array.from({ length: numLines }, (_, line) => [
    line === 0 ? String(stage) : '',
    workers[line] ?? '',
    segments[line] ?? '',
    ...(line === 0 ? figures : []),
  ]);
}

function rangeOf(blocks: readonly string[]): string {
  return blocks.length === 1 ? blocks[0] : `${blocks[0]} .. ${blocks[blocks.length - 1]}`;
}

function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
