/**
 * The importance report as a picture: where the weights lie, how many a threshold trains, and in which blocks.
 *
 * Left, the density of each kind of layer over the logarithm of |w|; right, the trained share over the threshold;
 * below, a map of the shown threshold's mask, block by block in the order of the forward pass.
 */
import { PARAMETER_KINDS, type ParameterKind } from '../export/parameter-kind.ts';
import { COLOURS, px, rasterise, svgDocument, svgText } from '../pictures/svg.ts';
import { linearTicks, logarithmicTicks } from '../pictures/ticks.ts';
import type { BlockRow, KindRow, ModelAnalysis } from './model-analysis.ts';

const WIDTH = 1000;
const MARGIN = 28;
const TITLE_BOTTOM = 56;
const PLOT_HEIGHT = 250;
const DENSITY = { left: 76, right: 584, top: 92, bottom: 92 + PLOT_HEIGHT } as const;
const SHARE = { left: 672, right: WIDTH - MARGIN, top: 92, bottom: 92 + PLOT_HEIGHT } as const;
const LEGEND_TOP = DENSITY.bottom + 52;
const LEGEND_ROW = 20;
const MAP_TOP = LEGEND_TOP + 2 * LEGEND_ROW + 62;
const MAP_LEFT = 132;
const CELL_HEIGHT = 26;
const PNG_DENSITY = 2;

/** Okabe and Ito's palette without its yellow, and two greys. */
const KIND_COLOURS: Readonly<Record<ParameterKind, string>> = {
  'self-attention': '#0072b2',
  'cross-attention': '#56b4e9',
  'feed-forward': '#009e73',
  projection: '#cc79a7',
  convolution: '#d55e00',
  embedding: '#e69f00',
  norm: '#1f2933',
  bias: '#8b96a3',
};

/** The magnitude axis: below, weights are zero to every purpose; above, there are hardly any. */
const AXIS = [1e-6, 10] as const;

interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** @param title names the model */
export async function renderAnalysis(
  analysis: ModelAnalysis,
  title: string,
): Promise<{ readonly svg: string; readonly png: Buffer }> {
  const svg = drawAnalysis(analysis, title);
  return { svg, png: await rasterise(svg, PNG_DENSITY) };
}

export function drawAnalysis(analysis: ModelAnalysis, title: string): string {
  const { threshold, numTrained, share } = analysis.thresholds[analysis.shown];
  const subtitle =
    `${analysis.numWeights.toLocaleString('en-US')} weights; below ${threshold}` +
    `${analysis.isChosen ? ", the run's threshold," : ''} lie ${numTrained.toLocaleString('en-US')} ` +
    `(${(100 * share).toFixed(1)} %)`;
  return svgDocument(WIDTH, MAP_TOP + analysis.blocks.length * CELL_HEIGHT + MARGIN, title, [
    svgText(title, MARGIN, 30, { sizePx: 18, weight: 'bold' }),
    svgText(subtitle, MARGIN, TITLE_BOTTOM - 4, { sizePx: 13, colour: COLOURS.mutedText }),
    ...drawDensities(analysis),
    ...drawShares(analysis),
    ...drawLegend(analysis.kinds),
    ...drawMap(analysis),
  ]);
}

/** Per kind, the share of its weights per decade of magnitude. Norms, nearly all at one, may leave the plot. */
function drawDensities({ kinds, thresholds, shown }: ModelAnalysis): string[] {
  const curves = kinds.map((row) => ({ kind: row.kind, points: densityOf(row) }));
  const setScale = curves.filter(({ kind }) => kind !== 'norm' || curves.length === 1);
  const highest =
    1.1 * Math.max(...setScale.flatMap(({ points }) => points.map(({ density }) => density)), 1e-9);
  const y = (density: number): number => DENSITY.bottom - (density / highest) * PLOT_HEIGHT;
  const ticks = linearTicks(0, 100 * highest, 4);
  return [
    svgText('Where the weights lie', DENSITY.left, DENSITY.top - 12, { sizePx: 14, weight: 'bold' }),
    ...ticks.values.flatMap((percent, i) => shareGrid(DENSITY, y(percent / 100), `${ticks.labels[i]} %`)),
    ...magnitudeAxis(DENSITY, '|w|'),
    ...thresholds.map(({ threshold }, i) => thresholdLine(DENSITY, threshold, i === shown)),
    svgText('share of the kind per decade', 18, (DENSITY.top + DENSITY.bottom) / 2, {
      sizePx: 12,
      anchor: 'middle',
      rotate: -90,
    }),
    '<clipPath id="density">' +
      `<rect x="${DENSITY.left}" y="${DENSITY.top}" width="${DENSITY.right - DENSITY.left}" height="${PLOT_HEIGHT}"/>` +
      '</clipPath>',
    '<g clip-path="url(#density)" fill="none" stroke-width="1.8" stroke-linejoin="round">',
    ...curves.map(({ kind, points }) => {
      const path = points.map(({ magnitude, density }) => `${px(xOf(DENSITY, magnitude))},${px(y(density))}`);
      return `<polyline points="${path.join(' ')}" stroke="${KIND_COLOURS[kind]}"/>`;
    }),
    '</g>',
  ];
}

interface DensityPoint {
  readonly magnitude: number;
  readonly density: number;
}

/** At the middle of each bin inside the axis. */
function densityOf({ numWeights, histogram: { edges, counts } }: KindRow): DensityPoint[] {
  return counts.flatMap((count, i) => {
    const [low, high] = [edges[i], edges[i + 1]];
    if (low < AXIS[0] || high > AXIS[1]) return [];
    return [{ magnitude: Math.sqrt(low * high), density: count / numWeights / Math.log10(high / low) }];
  });
}

/** Trained share of all weights over the threshold: a curve from the histograms, and the listed thresholds exactly. */
function drawShares({ kinds, numWeights, thresholds, shown }: ModelAnalysis): string[] {
  const y = (share: number): number => SHARE.bottom - share * PLOT_HEIGHT;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => shareGrid(SHARE, y(share), `${100 * share} %`));
  const { edges } = kinds[0].histogram;
  let below = numWeights - kinds.flatMap(({ histogram }) => histogram.counts).reduce((sum, n) => sum + n, 0);
  const curve = edges.flatMap((edge, i) => {
    if (i > 0) below += kinds.reduce((sum, { histogram }) => sum + histogram.counts[i - 1], 0);
    return edge < AXIS[0] || edge > AXIS[1] ? [] : [`${px(xOf(SHARE, edge))},${px(y(below / numWeights))}`];
  });
  return [
    svgText('What a threshold selects', SHARE.left, SHARE.top - 12, { sizePx: 14, weight: 'bold' }),
    ...grid,
    ...magnitudeAxis(SHARE, 'threshold'),
    `<polyline points="${curve.join(' ')}" fill="none" stroke="${COLOURS.axis}" stroke-width="1.5"/>`,
    ...thresholds.flatMap(({ threshold, share }, i) => {
      if (threshold < AXIS[0] || threshold > AXIS[1]) return [];
      const colour = i === shown ? COLOURS.second : COLOURS.first;
      return [
        `<circle cx="${px(xOf(SHARE, threshold))}" cy="${px(y(share))}" r="${i === shown ? 5 : 3.5}" fill="${colour}"/>`,
      ];
    }),
  ];
}

function shareGrid(plot: Plot, y: number, label: string): string[] {
  return [
    line(plot.left, y, plot.right, y, COLOURS.grid),
    svgText(label, plot.left - 8, y + 4, { sizePx: 11, colour: COLOURS.mutedText, anchor: 'end' }),
  ];
}

function magnitudeAxis(plot: Plot, title: string): string[] {
  const { values, labels } = logarithmicTicks(...AXIS);
  return [
    line(plot.left, plot.bottom, plot.right, plot.bottom, COLOURS.axis),
    ...values.flatMap((value, i) => {
      const x = xOf(plot, value);
      return [
        line(x, plot.bottom, x, plot.bottom + 4, COLOURS.axis),
        svgText(labels[i], x, plot.bottom + 18, { sizePx: 11, anchor: 'middle', colour: COLOURS.mutedText }),
      ];
    }),
    svgText(title, (plot.left + plot.right) / 2, plot.bottom + 34, { sizePx: 12, anchor: 'middle' }),
  ];
}

function thresholdLine(plot: Plot, threshold: number, isShown: boolean): string {
  if (threshold < AXIS[0] || threshold > AXIS[1]) return '';
  const x = xOf(plot, threshold);
  const colour = isShown ? COLOURS.second : COLOURS.grid;
  return line(x, plot.top, x, plot.bottom, colour, isShown ? ' stroke-dasharray="5 3"' : '');
}

function xOf(plot: Plot, magnitude: number): number {
  const along = Math.log(magnitude / AXIS[0]) / Math.log(AXIS[1] / AXIS[0]);
  return plot.left + along * (plot.right - plot.left);
}

function drawLegend(kinds: readonly KindRow[]): string[] {
  const columnWidth = (WIDTH - DENSITY.left - MARGIN) / 4;
  return kinds.flatMap(({ kind, numWeights }, i) => {
    const x = DENSITY.left + (i % 4) * columnWidth;
    const y = LEGEND_TOP + Math.floor(i / 4) * LEGEND_ROW;
    const label = `${kind}, ${numWeights.toLocaleString('en-US')}`;
    return [
      line(x, y - 4, x + 20, y - 4, KIND_COLOURS[kind], ' stroke-width="3"'),
      svgText(label, x + 28, y, { sizePx: 12, colour: COLOURS.mutedText }),
    ];
  });
}

/** Share of each block's weights, by kind, that the shown threshold trains. */
function drawMap({ blocks, kinds, thresholds, shown }: ModelAnalysis): string[] {
  const present = PARAMETER_KINDS.filter((kind) => kinds.some((row) => row.kind === kind));
  const columns = ['all', ...present] as const;
  const cellWidth = (WIDTH - MAP_LEFT - MARGIN) / columns.length;
  const shares = blocks.map((block) => columns.map((column) => shareOf(block, column, shown)));
  const highest = Math.max(...shares.flat().map((share) => share ?? 0), 1e-9);
  const labels = columns.map((column, i) =>
    svgText(column, MAP_LEFT + (i + 0.5) * cellWidth, MAP_TOP - 8, {
      sizePx: 11,
      anchor: 'middle',
      colour: COLOURS.mutedText,
    }),
  );
  const heading = `Where the mask of threshold ${thresholds[shown].threshold} falls: trained share of each block's weights`;
  return [
    svgText(heading, MARGIN, MAP_TOP - 32, { sizePx: 14, weight: 'bold' }),
    ...labels,
    ...blocks.flatMap((block, row) => {
      const y = MAP_TOP + row * CELL_HEIGHT;
      return [
        svgText(block.block, MAP_LEFT - 10, y + CELL_HEIGHT / 2 + 4, { sizePx: 11, anchor: 'end' }),
        ...shares[row].flatMap((share, i) =>
          share === null ? [] : cell(MAP_LEFT + i * cellWidth, y, cellWidth, share, highest),
        ),
      ];
    }),
  ];
}

function shareOf(block: BlockRow, column: ParameterKind | 'all', threshold: number): number | null {
  const row = column === 'all' ? block : block.kinds.find(({ kind }) => kind === column);
  return row === undefined ? null : row.numTrained[threshold] / row.numWeights;
}

function cell(x: number, y: number, width: number, share: number, highest: number): string[] {
  const strength = share / highest;
  return [
    `<rect x="${px(x + 1)}" y="${px(y + 1)}" width="${px(width - 2)}" height="${CELL_HEIGHT - 2}" ` +
      `fill="${COLOURS.first}" fill-opacity="${px(0.04 + 0.86 * strength)}"/>`,
    svgText(`${(100 * share).toFixed(1)} %`, x + width / 2, y + CELL_HEIGHT / 2 + 4, {
      sizePx: 11,
      anchor: 'middle',
      colour: strength > 0.62 ? COLOURS.background : COLOURS.text,
    }),
  ];
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, more = ''): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" stroke="${colour}"${more}/>`;
}
