/**
 * CLIP's own tokenizer, which every Stable Diffusion was trained with: 49,408 tokens, all told by the merges in
 * clip-merges.txt. Single-file checkpoints hold no tokenizer, so it comes with the program.
 *
 * The merges are OpenAI's, see LICENSES.md.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bpeOfMerges, END_OF_TEXT, START_OF_TEXT, type Bpe } from './bpe-training.ts';
import { parseMergeLines, type TokenizerDefinition } from './tokenizer-files.ts';

const MERGES_PATH = fileURLToPath(new URL('clip-merges.txt', import.meta.url));

/** Positions of every CLIP text encoder. */
const MAX_LENGTH = 77;

/** What CLIP tokenizers pad with: Stable Diffusion 1 with the end token, OpenCLIP's encoders with `!`, id 0. */
export type ClipPadding = typeof END_OF_TEXT | '!';

/** Read once: models with two text encoders ask twice. */
let clipBpe: Promise<Bpe> | null = null;

export async function clipTokenizerDefinition(pad: ClipPadding): Promise<TokenizerDefinition> {
  clipBpe ??= readFile(MERGES_PATH, 'utf8').then((text) => bpeOfMerges(parseMergeLines(text, MERGES_PATH)));
  return {
    ...(await clipBpe),
    special: { bos: START_OF_TEXT, eos: END_OF_TEXT, pad, unk: END_OF_TEXT },
    modelMaxLength: MAX_LENGTH,
  };
}
