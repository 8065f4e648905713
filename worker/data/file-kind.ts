/**
 * What a file is by its first bytes, whatever its name says: a picture that is decoded here, or the name of what it
 * is instead. Data folders hold pickles called .png, error pages saved as pictures, and halves of downloads.
 */

export type PictureFormat = 'avif' | 'gif' | 'jpeg' | 'png' | 'tiff' | 'webp';

export type FileKind =
  | { readonly kind: 'picture'; readonly format: PictureFormat }
  /** `what` completes "the file is". */
  | { readonly kind: 'other'; readonly what: string };

/** Bytes enough to tell; more are not looked at. */
const NUM_BYTES = 64;

type Signature = (bytes: Buffer, text: string) => boolean;

const startsWith =
  (...starts: readonly string[]): Signature =>
  (_, text) =>
    starts.some((start) => text.startsWith(start));

/** The brands of an ISO base media file: its own and those it is compatible with. */
const hasBrand =
  (...brands: readonly string[]): Signature =>
  (_, text) =>
    text.slice(4, 8) === 'ftyp' && brands.some((brand) => text.slice(8).includes(brand));

const PICTURES: readonly (readonly [PictureFormat, Signature])[] = [
  ['png', startsWith('\x89PNG\r\n\x1a\n')],
  ['jpeg', startsWith('\xff\xd8\xff')],
  ['gif', startsWith('GIF87a', 'GIF89a')],
  ['webp', (_, text) => text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP'],
  ['tiff', startsWith('II*\0', 'MM\0*', 'II+\0', 'MM\0+')],
  ['avif', hasBrand('avif', 'avis')],
];

const OTHERS: readonly (readonly [what: string, Signature])[] = [
  ['empty', (bytes) => bytes.length === 0],
  ['a Python pickle', (bytes) => bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5],
  ['a ZIP archive', startsWith('PK\x03\x04')],
  ['a gzip archive', startsWith('\x1f\x8b')],
  ['a HEIF picture', hasBrand('heic', 'heix', 'heim', 'heis', 'mif1', 'msf1')],
  ['a JPEG XL picture', startsWith('\xff\x0a', '\0\0\0\x0cJXL ')],
  ['a JPEG 2000 picture', startsWith('\0\0\0\x0cjP  ', '\xff\x4f\xff\x51')],
  ['a BMP picture', startsWith('BM')],
  ['a Photoshop document', startsWith('8BPS')],
  ['a PDF document', startsWith('%PDF')],
  ['a pointer of Git LFS, not the file it points to', startsWith('version https://git-lfs')],
  ['an HTML page', (_, text) => /^\s*<(!doctype html|html)/i.test(text)],
  ['an SVG drawing or other XML', (_, text) => /^\s*<(\?xml|svg|!--)/i.test(text)],
  ['text', (_, text) => text !== '' && /^[\t\n\r\x20-\x7e]*$/.test(text)],
];

/** @param bytes the file, or its beginning */
export function fileKind(bytes: Buffer): FileKind {
  const text = bytes.toString('latin1', 0, NUM_BYTES);
  const format = PICTURES.find(([, matches]) => matches(bytes, text))?.[0];
  if (format !== undefined) return { kind: 'picture', format };
  const what = OTHERS.find(([, matches]) => matches(bytes, text))?.[0];
  return { kind: 'other', what: what ?? 'in no format that is known here' };
}
