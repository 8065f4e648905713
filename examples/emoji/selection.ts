/**
 * Which emoji go into which image set, and what they are called: a pure function of emoji-data's table.
 *
 * Kept: every emoji drawn in both styles, without what a 32-pixel picture cannot show or a name cannot tell apart:
 * flags (259 of 270 are countries), skin-tone swatches and variants, and people (only hands and parts of the body
 * stay; a person's role is a few pixels), and the buttons that emoji-data names by a code point ("ideograph 6307").
 * What remains is 1,300 things.
 *
 * The example uses four categories in which the two styles differ most visibly (shaded faces against flat ones,
 * bevelled grey buttons against flat blue ones) and which a small model can draw: 95 emoji each, 79 for fine-tuning and
 * 16 held out. Within a category the order is that of a SHA-256 of the short name: no hand-picking, and no change when
 * the table is sorted differently.
 *
 *                        Google's drawing      Twitter's drawing
 *   316 emoji            google                twitter-train
 *    64 other emoji      google                twitter-validation
 *
 * The base learns the Google drawings of all 380 and no others: what a model of this size can learn on two processor
 * cores in an hour is a few hundred pictures, not a thousand. So it knows what the held-out Twitter emoji are, only
 * not in that style: their loss measures the style.
 */
import { createHash } from 'node:crypto';

/** The fields of an entry of emoji-data's emoji.json that are read here. */
export interface EmojiEntry {
  /** Official Unicode name in capitals, e.g. `GRINNING FACE`. */
  readonly name: string;
  readonly short_name: string;
  /** File name of the picture, the same in every style. */
  readonly image: string;
  readonly category: string;
  readonly subcategory: string;
  readonly has_img_google: boolean;
  readonly has_img_twitter: boolean;
}

export type Style = 'google' | 'twitter';

export interface EmojiPicture {
  /** Stem of the picture and of its caption file. */
  readonly stem: string;
  readonly style: Style;
  /** Name of the source picture in the style's package. */
  readonly image: string;
  readonly caption: string;
}

export const SET_NAMES = ['google', 'twitter-train', 'twitter-validation'] as const;
export type SetName = (typeof SET_NAMES)[number];

const CATEGORIES = ['Smileys & Emotion', 'Animals & Nature', 'Food & Drink', 'Symbols'];
const NUM_TRAINING_PER_CATEGORY = 79;
const NUM_VALIDATION_PER_CATEGORY = 16;

/** @param table all entries of emoji.json, in any order */
export function selectEmoji(
  table: readonly EmojiEntry[],
): Readonly<Record<SetName, readonly EmojiPicture[]>> {
  const usable = table.filter(isUsable).sort(byHash);
  const training: EmojiEntry[] = [];
  const validation: EmojiEntry[] = [];
  for (const category of CATEGORIES) {
    const members = usable.filter((entry) => entry.category === category);
    const end = NUM_TRAINING_PER_CATEGORY + NUM_VALIDATION_PER_CATEGORY;
    training.push(...members.slice(0, NUM_TRAINING_PER_CATEGORY));
    validation.push(...members.slice(NUM_TRAINING_PER_CATEGORY, end));
  }
  return {
    google: [...training, ...validation].map((entry) => picture(entry, 'google')),
    'twitter-train': training.map((entry) => picture(entry, 'twitter')),
    'twitter-validation': validation.map((entry) => picture(entry, 'twitter')),
  };
}

/**
 * The words of the name, then those of the subcategory: `rooster, animal bird`. The second part lets a model that
 * has never met a word still know what kind of thing it is to draw.
 */
export function captionOf(entry: Pick<EmojiEntry, 'name' | 'subcategory'>): string {
  return `${words(entry.name)}, ${words(entry.subcategory)}`;
}

function words(text: string): string {
  return text
    .normalize('NFKD') // splits accents off their letters
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll('#', ' number sign ')
    .replaceAll('*', ' asterisk ')
    .replace(/[^a-z0-9 ]+/g, (mark) => (/['’.\p{M}]/u.test(mark) ? '' : ' '))
    .replace(/ +/g, ' ')
    .trim();
}

function isUsable(entry: EmojiEntry): boolean {
  if (!entry.has_img_google || !entry.has_img_twitter) return false;
  if (entry.name.includes('CJK UNIFIED IDEOGRAPH')) return false;
  switch (entry.category) {
    case 'Flags':
    case 'Component':
      return false;
    case 'People & Body':
      return entry.subcategory === 'body-parts' || entry.subcategory.startsWith('hand');
    default:
      return true;
  }
}

function picture(entry: EmojiEntry, style: Style): EmojiPicture {
  return { stem: entry.short_name, style, image: entry.image, caption: captionOf(entry) };
}

function byHash(a: EmojiEntry, b: EmojiEntry): number {
  return hashOf(a) < hashOf(b) ? -1 : 1;
}

function hashOf(entry: EmojiEntry): string {
  return createHash('sha256').update(entry.short_name).digest('hex');
}
