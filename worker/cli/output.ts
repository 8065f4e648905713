/** What commands print: one JSON document, or lines for people. Progress goes to stderr, results to stdout. */

export function print(asJson: boolean | undefined, value: unknown, lines: () => readonly string[]): void {
  process.stdout.write(asJson === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines().join('\n')}\n`);
}

/** A line on a terminal that the next one replaces; nothing where stderr is a file. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Takes the line away. */
export function endProgress(): void {
  showProgress('');
}

/** `41.2 %`; never 100 for less, nor 0 for more. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return '< 0.1 %';
  if (share < 1 && share > 0.9995) return '> 99.9 %';
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** `1,234,567` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/**
 * Text of strangers, safe to show: control characters, which could steer a terminal, are written out, and what is
 * long is cut.
 */
export function shown(text: string, maxLength = 200): string {
  const cut =
    text.length > maxLength ? `${text.slice(0, maxLength)}… (${count(text.length)} characters)` : text;
  return cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
