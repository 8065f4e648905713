/** Text in columns. */

/** Pads every column to its widest cell, two spaces apart. Rows may be of different length. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const numColumns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: numColumns }, (_, column) =>
    Math.max(...rows.map((row) => row.at(column)?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
