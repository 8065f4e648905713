/** Byte counts for people. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Three significant digits in decimal units: `1.25 GB`, `640 MB`, `12 B`. */
export function formatBytes(bytes: number): string {
  const rounded = Number(bytes.toPrecision(3));
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, rounded)) / 3)));
  const value = rounded / 1000 ** step;
  const numDecimals = step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(numDecimals)} ${UNITS[step]}`;
}

/** For refusals, where the exact relation matters: `1,250,000,000 bytes`. */
export function exactBytes(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} bytes`;
}

const SIZE = /^(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?$/i;

/**
 * Reads `8GB` (decimal), `8GiB` (binary) or plain bytes.
 * @returns whole bytes, or null when it is no size
 */
export function parseBytes(text: string): number | null {
  const match = SIZE.exec(text.trim());
  if (match === null) return null;
  const [, number, unit, binary] = match;
  const power = ['', 'K', 'M', 'G', 'T'].indexOf(unit.toUpperCase());
  return Math.floor(Number(number) * (binary === '' ? 1000 : 1024) ** power);
}
