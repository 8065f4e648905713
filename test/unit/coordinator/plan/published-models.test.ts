/** The planner on the graphs of published UNets, where there is something to lose. */
import assert from 'node:assert/strict';
import { indexEdges } from '../../../../coordinator/plan/fold.ts';
import { planRun } from '../../../../coordinator/plan/planner.ts';
import type { RunPlan } from '../../../../coordinator/plan/run-plan.ts';
import type { ModelProfile } from '../../../../shared/stage-protocol.ts';
import { blockCosts, blockEdges } from '../../../../worker/engine/cost.ts';
import { Graph } from '../../../../worker/engine/graph.ts';
import { parseUNetConfig } from '../../../../worker/model/diffusers-config.ts';
import { buildUNet, unetInputs } from '../../../../worker/model/unet.ts';
import { SD15, SD21, SDXL_BASE } from '../../../support/published-configs.ts';

const NUM_TOKENS = 77;
/** Of the bytes of a straight cut; measured: 0.22 for SD 1.5 and 2.1, 0.10 for SDXL. */
const FOLDED_SHARE = 0.25;
/** Of the slowest stage over the mean; a block, the unit of a cut, is a few percent of the whole. */
const BALANCE_TOLERANCE = 0.1;

function profileOf(config: unknown, side: number): ModelProfile {
  const graph = new Graph();
  const unet = parseUNetConfig(config, 'published');
  buildUNet(
    graph,
    unet,
    unetInputs(graph, unet, { batch: 1, height: side, width: side, numTokens: NUM_TOKENS }),
  );
  const blocks = blockCosts(graph);
  return {
    blocks,
    edges: blockEdges(graph),
    parameterCount: blocks.reduce((sum, { parameterCount }) => sum + parameterCount, 0),
    baseHash: '',
    encoding: null,
    residentEncoderBytes: 0,
    numTrainingExamples: 1,
    numValidationSamples: 0,
    skippedImages: [],
    dataRemarks: [],
  };
}

function planOf(profile: ModelProfile, numStages: number): RunPlan {
  const workers = Array.from({ length: numStages }, (_, i) => ({
    name: `worker-${i}`,
    memoryBytes: 80e9,
    flopsPerSecond: 65e9,
    numThreads: 1,
  }));
  const shape = { numStages, numReplicas: 1, microBatchSize: 1, numMicroBatches: 8 };
  return planRun({ profile, workers, trainedFraction: 0.058, ...shape });
}

/** Forward and back, when the first half of the arithmetic goes to one stage and the rest to the other. */
function straightCutBytes(profile: ModelProfile): number {
  const half = profile.blocks.reduce((sum, { flops }) => sum + flops, 0) / 2;
  let flops = 0;
  const cut = profile.blocks.findIndex((block) => (flops += block.flops) > half);
  const crossing = indexEdges(profile).filter(
    ({ from, to }) => from < cut && to.some((block) => block >= cut),
  );
  return 2 * crossing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

describe('planner on published models', () => {
  for (const [name, config, side] of [
    ['SD 1.5', SD15, 64],
    ['SD 2.1', SD21, 96],
    ['SDXL', SDXL_BASE, 128],
  ] as const) {
    it(`balances ${name} on two, three and four equal workers`, () => {
      const profile = profileOf(config, side);
      for (const numStages of [2, 3, 4]) {
        const { stages } = planOf(profile, numStages);
        const seconds = stages.map((stage) => stage.seconds);
        const mean = seconds.reduce((sum, value) => sum + value, 0) / numStages;
        assert.ok(
          Math.max(...seconds) / mean - 1 < BALANCE_TOLERANCE,
          `${numStages} stages: ${seconds.join(' ')}`,
        );
      }
    });

    it(`tears no skip of ${name}: much less crosses than at a straight cut`, () => {
      const profile = profileOf(config, side);
      const plan = planOf(profile, 2);
      const straightBytes = straightCutBytes(profile);
      assert.ok(
        plan.wireBytesPerSample < FOLDED_SHARE * straightBytes,
        `${plan.wireBytesPerSample} of ${straightBytes} bytes`,
      );
    });
  }

  it('estimates memory within a tenth of what was measured', () => {
    // Peak of `sara bench step`: one process, batch 1, weights below 2e-3 trained, 5.8 % of them.
    const measuredGB = [
      ['SD 1.5', SD15, 32, 5.48],
      ['SD 1.5', SD15, 64, 6.77],
      ['SDXL', SDXL_BASE, 32, 14.4],
    ] as const;
    for (const [name, config, side, gigabytes] of measuredGB) {
      const [{ peakBytes }] = planOf(profileOf(config, side), 1).stages;
      const ratio = peakBytes / (gigabytes * 1e9);
      assert.ok(ratio > 0.9 && ratio < 1.1, `${name}, ${side}x${side}: ${ratio} of the measured peak`);
    }
  });
});
