/**
 * A sheet of small pictures in labelled rows and columns: what a model draws, side by side.
 *
 * Pixel models are shown enlarged by whole factors without smoothing, so that each of their pixels can be seen;
 * larger pictures can be scaled smoothly.
 */
import sharp from 'sharp';
import { SaraError } from '../../shared/errors.ts';
import { NUM_CHANNELS, valuesToPixels, type Resolution } from '../data/image.ts';
import { COLOURS, rasterise, svgDocument, svgText, wrapText } from './svg.ts';

export interface SheetRow {
  /** To the left of the row; '' for none. */
  readonly label: string;
  /** float32 [3, H, W] in [-1, 1], one per column; null leaves the cell empty. */
  readonly images: readonly (Float32Array | null)[];
}

export interface ContactSheet {
  /** Above everything; '' for none. */
  readonly title?: string;
  /** Under the title, in smaller type: settings, provenance. */
  readonly subtitle?: string;
  /** Above the columns; empty for none. */
  readonly columnLabels?: readonly string[];
  readonly rows: readonly SheetRow[];
  /** Size of every picture. */
  readonly imageSize: Resolution;
  /** Factor from a picture's pixel to the sheet's. */
  readonly scale: number;
  /** nearest: hard pixels. lanczos3: smooth. */
  readonly kernel?: 'nearest' | 'lanczos3';
}

const MARGIN = 16;
const GAP = 6;
const TITLE_SIZE = 20;
const SUBTITLE_SIZE = 13;
const LABEL_SIZE = 12;
const LINE_HEIGHT = 15;
const MAX_LABEL_LINES = 3;
/** Mean width of a character as a share of the type size; labels are wrapped by it, not measured. */
const CHARACTER_WIDTH = 0.56;
const BOLD_CHARACTER_WIDTH = 0.66;
const ROW_LABEL_WIDTH = 110;

/** Where things are on the sheet, in its pixels. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly columnLabels: readonly (readonly string[])[];
}

/**
 * @returns a PNG file
 * @throws SaraError INTERNAL when a picture is not of `imageSize` or there is nothing to show
 */
export async function renderContactSheet(sheet: ContactSheet): Promise<Buffer> {
  const layout = layOut(sheet);
  const cells = sheet.rows.flatMap(({ images }, row) =>
    images.flatMap((values, column) => (values === null ? [] : [{ values, row, column }])),
  );
  const overlays = await Promise.all(
    cells.map(async ({ values, row, column }) => ({
      input: await renderImage(values, sheet),
      left: layout.left + column * (layout.cellWidth + GAP),
      top: layout.top + row * (layout.cellHeight + GAP),
    })),
  );
  const paper = await rasterise(drawLabels(sheet, layout));
  return sharp(paper).composite(overlays).flatten({ background: COLOURS.background }).png().toBuffer();
}

async function renderImage(
  values: Float32Array,
  { imageSize, scale, kernel }: ContactSheet,
): Promise<Buffer> {
  const { width, height } = imageSize;
  if (values.length !== NUM_CHANNELS * width * height) {
    throw new SaraError('INTERNAL', `a picture of ${values.length} values is not [3, ${height}, ${width}]`, {
      values: values.length,
      height,
      width,
    });
  }
  return sharp(valuesToPixels(values), { raw: { width, height, channels: NUM_CHANNELS } })
    .resize(Math.round(width * scale), Math.round(height * scale), {
      kernel: kernel ?? 'nearest',
      fit: 'fill',
    })
    .png()
    .toBuffer();
}

function layOut(sheet: ContactSheet): Layout {
  const { rows, columnLabels = [], imageSize, scale, title = '', subtitle = '' } = sheet;
  const numColumns = Math.max(0, ...rows.map(({ images }) => images.length));
  if (numColumns === 0) throw new SaraError('INTERNAL', 'a contact sheet without pictures');
  const cellWidth = Math.round(imageSize.width * scale);
  const cellHeight = Math.round(imageSize.height * scale);
  const labelChars = Math.max(4, Math.floor(cellWidth / (LABEL_SIZE * CHARACTER_WIDTH)));
  const wrapped = columnLabels.map((label) => wrapText(label, labelChars, MAX_LABEL_LINES));
  const labelLines = Math.max(0, ...wrapped.map((lines) => lines.length));

  const left = MARGIN + (rows.some(({ label }) => label !== '') ? ROW_LABEL_WIDTH : 0);
  const heading = (title === '' ? 0 : TITLE_SIZE + 8) + (subtitle === '' ? 0 : SUBTITLE_SIZE + 8);
  const top = MARGIN + heading + (labelLines === 0 ? 0 : labelLines * LINE_HEIGHT + 4);
  const headingWidth =
    Math.max(title.length * TITLE_SIZE, subtitle.length * SUBTITLE_SIZE) * BOLD_CHARACTER_WIDTH;
  return {
    width: Math.ceil(Math.max(left + numColumns * (cellWidth + GAP) - GAP, MARGIN + headingWidth) + MARGIN),
    height: top + rows.length * (cellHeight + GAP) - GAP + MARGIN,
    left,
    top,
    cellWidth,
    cellHeight,
    columnLabels: wrapped,
  };
}

function drawLabels({ title = '', subtitle = '', rows }: ContactSheet, layout: Layout): string {
  const { left, top, cellWidth, cellHeight } = layout;
  const parts: string[] = [];
  let baseline = MARGIN;
  if (title !== '') {
    baseline += TITLE_SIZE;
    parts.push(svgText(title, MARGIN, baseline, { sizePx: TITLE_SIZE, weight: 'bold' }));
  }
  if (subtitle !== '') {
    baseline += SUBTITLE_SIZE + 6;
    parts.push(svgText(subtitle, MARGIN, baseline, { sizePx: SUBTITLE_SIZE, colour: COLOURS.mutedText }));
  }
  for (const [column, lines] of layout.columnLabels.entries()) {
    const middle = left + column * (cellWidth + GAP) + cellWidth / 2;
    for (const [i, line] of lines.entries()) {
      // Short labels sit on the pictures, so the last lines of all columns are level.
      const y = top - 7 - (lines.length - 1 - i) * LINE_HEIGHT;
      parts.push(svgText(line, middle, y, { sizePx: LABEL_SIZE, anchor: 'middle' }));
    }
  }
  const labelChars = Math.floor((ROW_LABEL_WIDTH - 10) / (LABEL_SIZE * CHARACTER_WIDTH));
  for (const [row, { label }] of rows.entries()) {
    const lines = wrapText(label, labelChars, MAX_LABEL_LINES);
    const middle = top + row * (cellHeight + GAP) + cellHeight / 2;
    for (const [i, line] of lines.entries()) {
      const y = middle + LABEL_SIZE / 3 + (i - (lines.length - 1) / 2) * LINE_HEIGHT;
      parts.push(svgText(line, left - 10, y, { sizePx: LABEL_SIZE, anchor: 'end', weight: 'bold' }));
    }
  }
  return svgDocument(layout.width, layout.height, title === '' ? 'contact sheet' : title, parts);
}
