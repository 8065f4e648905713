/** Pictures in pixel space with what an encoder and a size condition have to know of them: one set, or several. */
import type { Variant } from './augment.ts';
import type { Sample, SampleSource } from './batch.ts';

export interface PictureSource extends SampleSource {
  /** SHA-256 of the picture's file. @param index into `examples` */
  contentHashOf(index: number): string;
  /** Whether the sample of that index has one. */
  hasMask(index: number): boolean;
  /** The same whatever visit it is for. */
  load(index: number, variant: Variant): Promise<Sample>;
}
