/** The README's generated tables: the configuration from its schema, the exit codes from the error table. */
import * as prettier from 'prettier';
import { configTableMarkdown } from '../../shared/config.ts';
import { METRICS, type MetricFacts } from '../../shared/observe/metric-table.ts';
import { ERROR_CODES, type Disposition } from '../../shared/errors.ts';

/** Where a table stands: between `<!-- name -->` and `<!-- /name -->`. */
const TABLES: Readonly<Record<string, () => string>> = {
  config: configTableMarkdown,
  'exit-codes': exitCodeTableMarkdown,
  metrics: metricTableMarkdown,
};

const WHAT_TO_DO: Readonly<Record<Disposition, string>> = {
  'fatal-user': 'change what the message names',
  'fatal-bug': 'report it: a bug',
  retry: 'try again once the cause is gone',
  'roll-back': 'start again: the run goes on from its last checkpoint',
  'leave-group': 'nothing: a newer group of workers has taken over',
  drop: 'nothing',
};

/** One row per exit code, ascending, with the error codes that end in it. */
export function exitCodeTableMarkdown(): string {
  const rows = new Map<number, { codes: string[]; dispositions: Set<Disposition> }>();
  for (const [code, { exitCode, disposition }] of Object.entries(ERROR_CODES)) {
    const row = rows.get(exitCode) ?? { codes: [], dispositions: new Set() };
    row.codes.push(`\`${code}\``);
    row.dispositions.add(disposition);
    rows.set(exitCode, row);
  }
  const lines = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([exitCode, { codes, dispositions }]) => {
      const todo = [...dispositions].map((disposition) => WHAT_TO_DO[disposition]).join('; or ');
      return `| ${exitCode} | ${codes.join(', ')} | ${todo} |\n`;
    });
  return [
    '| exit code | errors | what to do |\n',
    '| --- | --- | --- |\n',
    '| 0 | none | |\n',
    ...lines,
  ].join('');
}

/** One row per metric, in the order of the table in code. */
function metricTableMarkdown(): string {
  const rows = Object.values(METRICS as Record<string, MetricFacts>).map(
    ({ name, kind, parts, labels, help }) =>
      `| \`${name}\` | ${kind} | ${parts.join(', ')} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |\n`,
  );
  return [
    '| metric | kind | from | labels | what it is |\n',
    '| --- | --- | --- | --- | --- |\n',
    ...rows,
  ].join('');
}

/**
 * `readme` with every generated table up to date, laid out as `npm run format` leaves it.
 * @throws Error when a pair of markers is missing
 */
export async function withFreshTables(readme: string): Promise<string> {
  let text = readme;
  for (const [name, render] of Object.entries(TABLES)) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [text.indexOf(open), text.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`the README has no ${open} ... ${close}`);
    text = `${text.slice(0, start + open.length)}\n\n${render()}\n${text.slice(end)}`;
  }
  const config = await prettier.resolveConfig('README.md');
  return prettier.format(text, { ...config, parser: 'markdown' });
}
