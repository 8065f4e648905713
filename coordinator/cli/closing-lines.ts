/** The last words of a run that succeeded: what was made, where it is, what to try next. */
import { formatBytes } from '../../shared/bytes.ts';
import type { ResolvedRunConfig } from '../../shared/config.ts';
import { alignColumns } from '../../shared/table.ts';
import { formatDuration, shownPath } from './text.ts';
import type { RunView } from './run-view.ts';

export interface ClosingFacts {
  readonly view: RunView;
  readonly config: ResolvedRunConfig;
  readonly runFolder: string;
  /** How the user calls this program. */
  readonly command: string;
}

/** What an artifact is to its reader. */
const MEANINGS: Readonly<Record<string, string>> = {
  adapter: 'what was learnt, to load over the base model',
  model: 'the fine-tuned model in diffusers format',
  samples: 'the same prompts and seeds: base above, fine-tuned below',
  loss: 'training and validation loss',
  report: 'every figure of the run',
};

export function closingLines({ view, config, runFolder, command }: ClosingFacts): string {
  const seconds = ((view.atMs ?? 0) - (view.startedAtMs ?? 0)) / 1000;
  const lines = [
    `Fine-tuned in ${formatDuration(seconds)}: ${view.step} steps${validationChange(view)}.`,
    '',
  ];

  const results = view.artifacts.filter(({ name }) => name !== 'preview');
  const artifacts = results.map(({ name, path, sizeBytes }) => [
    shownPath(path),
    sizeBytes === 0 ? '' : formatBytes(sizeBytes),
    MEANINGS[name] ?? name,
  ]);
  lines.push(...alignColumns(artifacts).map((line) => `  ${line}`), '');

  const adapter = view.artifacts.find(({ name }) => name === 'adapter')?.path;
  const prompt = config.preview.prompts.find((text) => text !== '') ?? 'a picture';
  const next: string[][] = [];
  if (adapter !== undefined) {
    const model = shownPath(config.model.path);
    next.push([
      'draw more',
      `${command} sample --model ${quoted(model)} --adapter ${quoted(shownPath(adapter))} --prompt ${quoted(prompt)}`,
    ]);
    next.push(['weaker or stronger', `... --adapter ${quoted(`${shownPath(adapter)}@0.5`)}   (0 to 2)`]);
  }
  next.push([
    'train longer',
    `${command} train --resume ${quoted(shownPath(runFolder))} --set train.steps=${2 * view.totalSteps}`,
  ]);
  lines.push('Next:', ...alignColumns(next).map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

function validationChange({ validationLosses }: RunView): string {
  if (validationLosses.length < 2) return '';
  const [before, after] = [validationLosses[0], validationLosses[validationLosses.length - 1]];
  const percent = (100 * (after - before)) / before;
  const sign = percent > 0 ? '+' : '';
  return `, validation loss ${before.toPrecision(4)} -> ${after.toPrecision(4)} (${sign}${percent.toFixed(1)} %)`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_./@:=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
