/**
 * A run on TensorBoard: what its events say, as curves and pictures over the updates applied.
 *
 *   sara train run.yaml;  tensorboard --logdir runs
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import type { RunEventBody } from '../../shared/run-event.ts';
import type { EncodedImage } from './event.ts';
import { EventFile } from './event-file.ts';

/** Inside a run's folder. */
export const BOARD_FOLDER = 'tensorboard';

const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Signature, length and name of the first chunk, which states width and height. */
const PNG_SIZE_OFFSET = 16;

export class RunBoard {
  readonly #file: EventFile;

  private constructor(file: EventFile) {
    this.#file = file;
  }

  /** @throws SaraError DISK_WRITE_FAILED */
  static async open(runFolder: string, clock: Clock): Promise<RunBoard> {
    return new RunBoard(await EventFile.create(join(runFolder, BOARD_FOLDER), clock));
  }

  /**
   * The run goes on from `step`: what was written of it and later steps is taken back.
   * @throws SaraError DISK_WRITE_FAILED
   */
  restart(step: number): Promise<void> {
    return this.#file.write({ kind: 'restart', step });
  }

  /**
   * @param step updates applied when it happened, as run events have it
   * @throws SaraError DISK_WRITE_FAILED
   */
  async record(event: RunEventBody, step: number): Promise<void> {
    switch (event.kind) {
      case 'step-committed': {
        // The loss was computed on the weights before this update.
        const before = step - 1;
        await this.#scalar('loss/training', before, event.loss);
        await this.#scalar('optimizer/learning rate', before, event.learningRate);
        await this.#scalar('optimizer/gradient norm', before, event.gradNorm);
        await this.#scalar('speed/samples per second', before, event.samplesPerSecond);
        return;
      }
      case 'validated':
        return this.#scalar('loss/validation', step, event.loss);
      case 'mask-refreshed':
        return this.#scalar('mask/trained weights', step, event.trainableCount);
      case 'artifact':
        if (event.mediaType === 'image/png') await this.#picture(event.name, step, event.path);
        return;
      default:
        return; // states, plans, logs, checkpoints and failures have no curve
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #scalar(tag: string, step: number, value: number): Promise<void> {
    return this.#file.write({ kind: 'scalar', tag, step, value });
  }

  async #picture(tag: string, step: number, path: string): Promise<void> {
    const image = pngImage(await readFile(path));
    if (image !== null) await this.#file.write({ kind: 'image', tag, step, image });
  }
}

/** null when it is no PNG. */
function pngImage(bytes: Buffer): EncodedImage | null {
  if (bytes.length < PNG_SIZE_OFFSET + 8 || !bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return null;
  return {
    width: bytes.readUInt32BE(PNG_SIZE_OFFSET),
    height: bytes.readUInt32BE(PNG_SIZE_OFFSET + 4),
    bytes,
  };
}
