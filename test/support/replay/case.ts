/** Recognises what kind of recording a folder holds, and replays it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../../../shared/errors.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { replayClipText } from './clip-text.ts';
import type { Comparisons } from './comparisons.ts';
import { replayRank } from './rank.ts';
import { Recording } from './recording.ts';
import { replaySara } from './sara.ts';
import { replaySchedulers } from './schedulers.ts';
import { replayTokenizer } from './tokenizer.ts';
import { replayUNet } from './unet.ts';
import { replayVae } from './vae.ts';

export type CaseKind = 'unet' | 'clip-text' | 'sara' | 'rank' | 'schedulers' | 'tokenizer' | 'vae' | 'lora';

/**
 * @throws SaraError FILE_NOT_FOUND when the folder cannot be read, DATA_INVALID when it holds no recording of a
 * known form
 */
export async function recogniseCase(folder: string): Promise<CaseKind> {
  const names = new Set(await listFolder(folder));
  if (names.has('pytorch_lora_weights.safetensors')) return 'lora';
  if (names.has('cases.json')) return 'tokenizer';
  if (names.has('vae')) return 'vae';
  if (names.has('text_encoder')) return 'clip-text';
  if (names.has('unet'))
    return names.has('case.json') && (await hasLog(join(folder, 'case.json'))) ? 'sara' : 'unet';
  if (names.has('io.safetensors')) {
    const io = await Recording.open(join(folder, 'io.safetensors'));
    await io.close();
    if (io.keys.some((key) => key.endsWith('.uvt_masked'))) return 'rank';
    if (io.keys.some((key) => key.endsWith('.alphas_cumprod') || key.endsWith('.trajectory')))
      return 'schedulers';
  }
  throw new SaraError(
    'DATA_INVALID',
    `${folder} holds no recording of a known form: expected a folder unet/, text_encoder/ or vae/, a file cases.json, ` +
      `or an io.safetensors of polar factors or schedules; found ${[...names].sort().join(', ') || 'nothing'}`,
    { folder },
  );
}

/** @throws SaraError MODEL_UNSUPPORTED for kinds nothing here can run yet, and whatever the files' readers refuse */
export async function replayCase(kind: CaseKind, folder: string, engine: Engine): Promise<Comparisons> {
  switch (kind) {
    case 'unet':
      return replayUNet(folder, engine);
    case 'clip-text':
      return replayClipText(folder, engine);
    case 'sara':
      return replaySara(folder, { engine, weightMode: engine.readsHostMemory ? 'in-place' : 'scatter' });
    case 'rank':
      return replayRank(folder);
    case 'schedulers':
      return replaySchedulers(folder);
    case 'tokenizer':
      return replayTokenizer(folder);
    case 'vae':
      return replayVae(folder, engine);
    case 'lora':
      throw new SaraError(
        'MODEL_UNSUPPORTED',
        `${folder} is a recording of kind ${kind}, which is not implemented yet`,
        {
          kind,
        },
      );
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError(
      'FILE_NOT_FOUND',
      `cannot read the folder ${folder}: ${reason}`,
      { folder },
      { cause },
    );
  }
}

/** A training run is recorded with its log, a single pass without. */
async function hasLog(path: string): Promise<boolean> {
  try {
    const json = JSON.parse(await readFile(path, 'utf8')) as unknown;
    return typeof json === 'object' && json !== null && 'log' in json;
  } catch (cause) {
    throw new SaraError('FILE_CORRUPT', `${path} is not JSON`, { file: path }, { cause });
  }
}
