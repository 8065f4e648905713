/**
 * The loss over a run: every step faintly, a smoothed curve, and the validation points, on a logarithmic axis.
 *
 * Drawn as SVG by hand: one chart needs no charting library, and the same numbers give the same bytes.
 */
import { COLOURS, px, rasterise, svgDocument, svgText } from './svg.ts';
import { linearTicks, logarithmicTicks } from './ticks.ts';

export interface LossPoint {
  /** Optimizer updates done when the loss was measured. */
  readonly step: number;
  readonly loss: number;
}

export interface LossHistory {
  readonly title: string;
  /** In step order; what is not finite and positive is left out. */
  readonly training: readonly LossPoint[];
  /** Fewer, fixed noise; may be empty. */
  readonly validation: readonly LossPoint[];
  /** Steps worth a mark, e.g. re-selection. */
  readonly marks?: readonly { readonly step: number; readonly label: string }[];
}

const WIDTH = 860;
const HEIGHT = 440;
const PLOT = { left: 76, right: WIDTH - 28, top: 64, bottom: HEIGHT - 56 } as const;

/** Most points drawn of one curve; more would be finer than the picture's pixels. */
const MAX_CURVE_POINTS = 1500;
/** The smoothed curve averages over this share of the run. */
const SMOOTHING_SHARE = 0.03;
/** The axis leaves out the highest and lowest few single losses: one outlier must not flatten the rest. */
const AXIS_QUANTILE = 0.005;
/** Resolution of the PNG in pixels per SVG pixel. */
const PNG_DENSITY = 2;

export interface LossChart {
  readonly svg: string;
  readonly png: Buffer;
}

export async function renderLossChart(history: LossHistory): Promise<LossChart> {
  const svg = drawLossChart(history);
  return { svg, png: await rasterise(svg, PNG_DENSITY) };
}

/** @returns an SVG document; with no points, one that says so */
export function drawLossChart(history: LossHistory): string {
  const training = history.training.filter(isDrawable);
  const validation = history.validation.filter(isDrawable);
  const heading = svgText(history.title, PLOT.left, 30, { sizePx: 17, weight: 'bold' });
  if (training.length + validation.length === 0) {
    const middle = { sizePx: 14, anchor: 'middle', colour: COLOURS.mutedText } as const;
    const note = svgText('no finite loss was recorded', WIDTH / 2, HEIGHT / 2, middle);
    return svgDocument(WIDTH, HEIGHT, history.title, [heading, note]);
  }
  const smooth = smoothed(training);
  const scale = scalesFor(training, validation);
  return svgDocument(WIDTH, HEIGHT, history.title, [
    heading,
    '<clipPath id="plot">' +
      `<rect x="${PLOT.left}" y="${PLOT.top}" width="${PLOT.right - PLOT.left}" height="${PLOT.bottom - PLOT.top}"/>` +
      '</clipPath>',
    ...drawAxes(scale),
    ...drawMarks(history.marks ?? [], scale),
    '<g clip-path="url(#plot)" fill="none" stroke-linejoin="round">',
    drawCurve(training, scale, `stroke="${COLOURS.first}" stroke-opacity="0.25" stroke-width="1"`),
    drawCurve(smooth, scale, `stroke="${COLOURS.first}" stroke-width="2"`),
    drawCurve(validation, scale, `stroke="${COLOURS.second}" stroke-width="1.5" stroke-dasharray="5 4"`),
    '</g>',
    ...validation.map(
      (point) =>
        `<circle cx="${px(scale.x(point.step))}" cy="${px(scale.y(point.loss))}" r="4" fill="${COLOURS.second}"/>`,
    ),
    ...drawLegend(training.length > 0, validation),
  ]);
}

/**
 * Exponential moving average over about 3 % of the run, of the logarithm as the axis is logarithmic, corrected for
 * its start so that it begins at the first loss (Kingma & Ba 2015, section 3).
 */
export function smoothed(points: readonly LossPoint[]): LossPoint[] {
  const window = Math.max(1, points.length * SMOOTHING_SHARE);
  const decay = 1 - 1 / window;
  let average = 0;
  let weight = 0;
  return points.map(({ step, loss }) => {
    average = decay * average + (1 - decay) * Math.log(loss);
    weight = decay * weight + (1 - decay);
    return { step, loss: Math.exp(average / weight) };
  });
}

interface Scales {
  readonly x: (step: number) => number;
  readonly y: (loss: number) => number;
  readonly steps: readonly [number, number];
  readonly losses: readonly [number, number];
}

/** From the single losses without outliers, between which the smoothed curve lies, and the validation points. */
function scalesFor(training: readonly LossPoint[], validation: readonly LossPoint[]): Scales {
  const steps = [...training, ...validation].map(({ step }) => step);
  const lastStep = Math.max(...extremes(steps), 1);
  const sorted = training.map(({ loss }) => loss).sort((a, b) => a - b);
  const outliers = Math.floor(sorted.length * AXIS_QUANTILE);
  const shown = [...sorted.slice(outliers, sorted.length - outliers), ...validation.map(({ loss }) => loss)];
  const [lowest, highest] = extremes(shown);
  const margin = Math.max((highest / lowest) ** 0.06, 1.02);
  const losses = [lowest / margin, highest * margin] as const;
  const span = Math.log(losses[1] / losses[0]);
  return {
    x: (step) => PLOT.left + (step / lastStep) * (PLOT.right - PLOT.left),
    y: (loss) => PLOT.bottom - (Math.log(loss / losses[0]) / span) * (PLOT.bottom - PLOT.top),
    steps: [0, lastStep],
    losses,
  };
}

function drawAxes(scale: Scales): string[] {
  const parts: string[] = [];
  const small = { sizePx: 12, colour: COLOURS.mutedText } as const;
  const lossTicks = logarithmicTicks(...scale.losses);
  for (const [i, value] of lossTicks.values.entries()) {
    const y = scale.y(value);
    parts.push(line(PLOT.left, y, PLOT.right, y, COLOURS.grid));
    parts.push(svgText(lossTicks.labels[i], PLOT.left - 8, y + 4, { ...small, anchor: 'end' }));
  }
  const stepTicks = linearTicks(...scale.steps, 8);
  for (const [i, value] of stepTicks.values.entries()) {
    const x = scale.x(value);
    parts.push(line(x, PLOT.bottom, x, PLOT.bottom + 5, COLOURS.axis));
    parts.push(svgText(stepTicks.labels[i], x, PLOT.bottom + 20, { ...small, anchor: 'middle' }));
  }
  parts.push(line(PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom, COLOURS.axis));
  const title = { sizePx: 13, anchor: 'middle' } as const;
  const middleX = (PLOT.left + PLOT.right) / 2;
  const middleY = (PLOT.top + PLOT.bottom) / 2;
  parts.push(svgText('step', middleX, HEIGHT - 14, title));
  parts.push(svgText('loss (mean squared error)', 22, middleY, { ...title, rotate: -90 }));
  return parts;
}

function drawMarks(marks: readonly { step: number; label: string }[], scale: Scales): string[] {
  return marks.flatMap(({ step, label }) => {
    const x = scale.x(step);
    return [
      line(x, PLOT.top, x, PLOT.bottom, COLOURS.axis, ' stroke-dasharray="2 3"'),
      svgText(label, x + 5, PLOT.top + 12, { sizePx: 11, colour: COLOURS.mutedText }),
    ];
  });
}

function drawCurve(points: readonly LossPoint[], scale: Scales, style: string): string {
  const stride = Math.max(1, Math.ceil(points.length / MAX_CURVE_POINTS));
  const drawn = points.filter((_, i) => i % stride === 0 || i === points.length - 1);
  const path = drawn.map(({ step, loss }) => `${px(scale.x(step))},${px(scale.y(loss))}`).join(' ');
  return `<polyline points="${path}" ${style}/>`;
}

function drawLegend(hasTraining: boolean, validation: readonly LossPoint[]): string[] {
  const entries: { readonly sample: (x: number, y: number) => string; readonly label: string }[] = [];
  if (hasTraining) {
    entries.push({
      sample: (x, y) => line(x, y, x + 22, y, COLOURS.first, ' stroke-width="2.5"'),
      label: 'training, each step and smoothed',
    });
  }
  if (validation.length > 0) {
    const [first, last] = [validation[0].loss, validation[validation.length - 1].loss];
    entries.push({
      sample: (x, y) => `<circle cx="${px(x + 11)}" cy="${px(y)}" r="4" fill="${COLOURS.second}"/>`,
      label: `validation, ${first.toPrecision(4)} → ${last.toPrecision(4)}`,
    });
  }
  return entries.flatMap(({ sample, label }, i) => {
    const x = PLOT.left + i * 270;
    return [sample(x, 47), svgText(label, x + 30, 51, { sizePx: 12, colour: COLOURS.mutedText })];
  });
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, more = ''): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" stroke="${colour}"${more}/>`;
}

function isDrawable({ step, loss }: LossPoint): boolean {
  return Number.isFinite(step) && Number.isFinite(loss) && loss > 0;
}

/** Least and greatest; a loop, since a spread of a long run's values overflows the stack. */
function extremes(values: readonly number[]): [number, number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}
