/** `sara config`: every field of a run's configuration, explained from the schema. */
import { configTableMarkdown, describeConfig, type ConfigRow } from '../../shared/config.ts';

const DEFAULT_COLUMNS = 80;
/** Longer lines are hard to read. */
const MAX_COLUMNS = 100;
const INDENT = 4;

/** @param section only fields of this section, e.g. `sara`, or this field; undefined: all */
export function printConfig(section: string | undefined, options: { readonly markdown?: boolean }): boolean {
  if (options.markdown === true && section === undefined) {
    process.stdout.write(configTableMarkdown());
    return true;
  }
  const rows = describeConfig().filter(
    ({ path }) => section === undefined || path === section || path.startsWith(`${section}.`),
  );
  const columns = process.stdout.isTTY ? Math.min(process.stdout.columns, MAX_COLUMNS) : DEFAULT_COLUMNS;
  process.stdout.write(rows.map((row) => `${describeField(row, columns)}\n`).join('\n'));
  return rows.length > 0;
}

function describeField(
  { path, type, unit, default: value, doc, variable }: ConfigRow,
  columns: number,
): string {
  const isRequired = value === 'required';
  const facts = [
    `${type}${unit === '' ? '' : ` (${unit})`}`,
    isRequired ? 'required' : `default ${value}`,
    `environment ${variable}`,
  ];
  const lines = [path, ...wrap(facts.join('; '), columns - INDENT), ...wrap(doc, columns - INDENT)];
  return lines.map((line, i) => (i === 0 ? line : ' '.repeat(INDENT) + line)).join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
