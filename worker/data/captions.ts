/**
 * What a sample's caption becomes: a line of text, its tags shuffled and dropped, with prefix and suffix. How the
 * variations are drawn is batch.ts' business.
 */
import type { RandomStream } from '../../shared/random.ts';

/** Between tags in a caption, as booru-style captions have it. */
const TAG_SEPARATOR = ',';

/** What a caption says before and after itself, and how it varies from one visit to the next. */
export interface CaptionSettings {
  /** As they stand, also where the tags are shuffled. */
  readonly prefix: string;
  readonly suffix: string;
  /** Probability that a sample is trained without its caption, prefix and suffix, for classifier-free guidance; [0, 1]. */
  readonly dropout: number;
  /** Tags are the parts between commas. */
  readonly shuffleTags: boolean;
  /** The first tags, which are neither shuffled nor dropped. */
  readonly keepTags: number;
  /** Probability that a tag is left out; [0, 1]. */
  readonly tagDropout: number;
}

/** One line without surrounding blanks; empty where there is nothing but blanks. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The caption as it is validated with: prefix and suffix, nothing varied. */
export function wholeCaption(caption: string, { prefix, suffix }: CaptionSettings): string {
  return `${prefix}${caption}${suffix}`;
}

/** Whether a caption is the same at every visit, but for being dropped. */
export function isFixed({ shuffleTags, tagDropout }: CaptionSettings): boolean {
  return !shuffleTags && tagDropout === 0;
}

/** The caption of one visit. @param tags draws of the visit, for tags alone */
export function variedCaption(caption: string, settings: CaptionSettings, tags: RandomStream): string {
  return wholeCaption(varyTags(caption, settings, tags), settings);
}

function varyTags(
  caption: string,
  { shuffleTags, keepTags, tagDropout }: CaptionSettings,
  stream: RandomStream,
): string {
  if (!shuffleTags && tagDropout === 0) return caption;
  const tags = caption
    .split(TAG_SEPARATOR)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  const kept = tags.slice(0, keepTags);
  const free = tags.slice(keepTags);
  const order = shuffleTags ? Array.from(stream.shuffle(free.length), (i) => free[i]) : free;
  const present = tagDropout === 0 ? order : order.filter(() => stream.uniform() >= tagDropout);
  return [...kept, ...present].join(`${TAG_SEPARATOR} `);
}
