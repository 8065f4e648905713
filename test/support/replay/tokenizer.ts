/** Replays a recorded CLIP tokenizer (vocab.json, merges.txt, cases.json: text and its ids). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClipTokenizer } from '../../../worker/model/tokenizer.ts';
import { Comparisons } from './comparisons.ts';

interface RecordedText {
  readonly text: string;
  readonly ids: readonly number[];
}

export async function replayTokenizer(folder: string): Promise<Comparisons> {
  const tokenizer = await ClipTokenizer.open(folder);
  const cases = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as RecordedText[];
  const comparisons = new Comparisons();
  for (const { text, ids } of cases) {
    const got = tokenizer.encode(text);
    const numDifferent = ids.filter((id, i) => id !== got[i]).length + Math.abs(ids.length - got.length);
    comparisons.add('differentIds', 0, text, numDifferent);
  }
  return comparisons;
}
