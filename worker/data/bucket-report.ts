/** What buckets do to a dataset, as a table to read before training: which sizes, how many pictures, how much is cut off. */
import { byShape, coverFit, type Resolution } from './image.ts';

/** A picture and where it went. */
export interface PlacedPicture {
  readonly id: string;
  readonly picture: Resolution;
  /** Of its bucket. */
  readonly size: Resolution;
  /** Visits per epoch. */
  readonly numEntries: number;
}

export interface BucketRow {
  readonly size: Resolution;
  readonly numPictures: number;
  /** Visits per epoch, repeats counted. */
  readonly numEntries: number;
  /** Batches per epoch; below 1 a batch holds a picture more than once. */
  readonly batchesPerEpoch: number;
  /** Share of the pictures that is cut off, on average. */
  readonly meanCroppedShare: number;
  /** Of the picture that loses most. */
  readonly worst: { readonly id: string; readonly croppedShare: number };
  /** Pictures that are enlarged. */
  readonly numUpscaled: number;
}

/** One row per bucket that has pictures, from the narrowest to the widest. */
export function bucketReport(pictures: readonly PlacedPicture[], batchSize: number): BucketRow[] {
  const buckets = new Map<string, PlacedPicture[]>();
  for (const placed of pictures) {
    const key = `${placed.size.width}x${placed.size.height}`;
    const bucket = buckets.get(key) ?? [];
    buckets.set(key, bucket);
    bucket.push(placed);
  }
  return [...buckets.values()]
    .map((placed) => bucketRow(placed, batchSize))
    .sort((a, b) => byShape(a.size, b.size));
}

function bucketRow(placed: readonly PlacedPicture[], batchSize: number): BucketRow {
  const fits = placed.map(({ id, picture, size }) => ({ id, ...coverFit(picture, size) }));
  const numEntries = placed.reduce((sum, picture) => sum + picture.numEntries, 0);
  const { id, croppedShare } = fits.reduce((worst, fit) =>
    fit.croppedShare > worst.croppedShare ? fit : worst,
  );
  return {
    size: placed[0].size,
    numPictures: placed.length,
    numEntries,
    batchesPerEpoch: numEntries / batchSize,
    meanCroppedShare: fits.reduce((sum, fit) => sum + fit.croppedShare, 0) / fits.length,
    worst: { id, croppedShare },
    numUpscaled: fits.filter(({ scale }) => scale > 1).length,
  };
}

const COLUMNS = ['size', 'pictures', 'visits', 'batches', 'cropped', 'at most', 'enlarged'];

/** The report as aligned lines, the last column naming the picture that loses most. */
export function formatBucketReport(rows: readonly BucketRow[]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const cells = rows.map((row) => [
    `${row.size.width}x${row.size.height}`,
    String(row.numPictures),
    String(row.numEntries),
    row.batchesPerEpoch.toFixed(1),
    percent(row.meanCroppedShare),
    percent(row.worst.croppedShare),
    String(row.numUpscaled),
    row.worst.id,
  ]);
  const table = [[...COLUMNS, 'which'], ...cells];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((line) => line[column].length)));
  const lines = table.map((line) =>
    line.map((cell, column) => (column < widths.length ? cell.padStart(widths[column]) : cell)).join('  '),
  );
  const small = rows.filter(({ batchesPerEpoch }) => batchesPerEpoch < 1);
  const warning =
    small.length === 0
      ? []
      : [
          `${small.map(({ size }) => `${size.width}x${size.height}`).join(', ')}: fewer visits than a batch holds, so ` +
            'a batch shows the same picture more than once; lower train.batchSize, or crop those pictures to another shape',
        ];
  return [...lines, ...warning].join('\n');
}
