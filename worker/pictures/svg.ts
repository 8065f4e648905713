/**
 * SVG fragments for the pictures of a run, and their rasterisation through sharp (librsvg).
 *
 * Colours and type in one place, so that contact sheet and chart look alike. Labels need some font on the machine;
 * without one (bare containers) pictures come out unlabelled, not wrong.
 */
import sharp from 'sharp';

export const FONT_FAMILY = "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

export const COLOURS = {
  background: '#ffffff',
  text: '#1f2933',
  mutedText: '#6b7785',
  grid: '#e4e8ec',
  axis: '#9aa5b1',
  /** Okabe and Ito's palette: told apart by colour-blind readers too. */
  first: '#0072b2',
  second: '#d55e00',
} as const;

export interface TextStyle {
  readonly sizePx: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly colour?: string;
  readonly weight?: 'normal' | 'bold';
  /** Degrees, clockwise, around (x, y). */
  readonly rotate?: number;
}

/** A line of text whose baseline starts (or ends, or has its middle) at (x, y). */
export function svgText(text: string, x: number, y: number, style: TextStyle): string {
  const { sizePx, anchor = 'start', colour = COLOURS.text, weight = 'normal', rotate } = style;
  const transform = rotate === undefined ? '' : ` transform="rotate(${rotate} ${px(x)} ${px(y)})"`;
  return (
    `<text x="${px(x)}" y="${px(y)}" font-size="${px(sizePx)}" text-anchor="${anchor}" fill="${colour}" ` +
    `font-weight="${weight}"${transform}>${escapeXml(text)}</text>`
  );
}

/** A whole document with a plain background; `title` is read by screen readers. */
export function svgDocument(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="${FONT_FAMILY}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${COLOURS.background}"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** @param density pixels of the result per pixel of the document */
export async function rasterise(svg: string, density = 1): Promise<Buffer> {
  return sharp(Buffer.from(svg), { density: 72 * density })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/** A coordinate with two decimals at most: same input, same bytes, and no noise in the file. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text that means only itself inside an element or an attribute. Characters XML cannot hold are left out. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** The text in at most `maxLines` lines of about `maxChars` characters; what does not fit ends in an ellipsis. */
export function wrapText(text: string, maxChars: number, maxLines: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= maxChars || line === '') line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '') lines.push(line);
  return lines.slice(0, maxLines).map((text, i) => {
    const isCutShort = i === maxLines - 1 && lines.length > maxLines;
    return isCutShort || text.length > maxChars
      ? `${text.slice(0, maxChars - 1).replace(/[,.;:]$/, '')}…`
      : text;
  });
}
