/** The configuration explained, row by row, from the schema itself: for `sara config`, --help and the README. */
import { environmentVariable } from './assignment-layer.ts';
import { RUN_CONFIG_FIELDS } from './run-config.ts';

export interface ConfigRow {
  /** Dotted, e.g. `train.batchSize`. */
  readonly path: string;
  /** Type and range, e.g. `integer in [1, 65536]`. */
  readonly type: string;
  /** Empty when it has none. */
  readonly unit: string;
  /** As JSON, or `required`. */
  readonly default: string;
  readonly doc: string;
  /** Environment variable that overrides it. */
  readonly variable: string;
}

/** One row per field, in the order of the schema. */
export function describeConfig(): ConfigRow[] {
  return Array.from(RUN_CONFIG_FIELDS.values(), ({ path, expected, facts, defaultJson }) => ({
    path,
    type: expected,
    unit: facts.unit ?? '',
    default: defaultJson ?? 'required',
    doc: facts.doc,
    variable: environmentVariable(path),
  }));
}

/** The rows as a Markdown table, as it stands in the README. */
export function configTableMarkdown(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = describeConfig().map(({ path, type, unit, default: value, doc }) =>
    [
      `\`${path}\``,
      cell(type),
      unit,
      value === 'required' ? 'required' : `\`${cell(value)}\``,
      cell(doc),
    ].join(' | '),
  );
  const header = ['field | type and range | unit | default | meaning', '--- | --- | --- | --- | ---'];
  return [...header, ...rows].map((row) => `| ${row} |\n`).join('');
}
