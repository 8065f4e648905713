/**
 * Writes the example's image folders: pictures at their original 64 pixels, each with a caption file of the same stem.
 *
 *   npx tsx examples/emoji/prepare.ts [folder, default .cache/emoji]
 *
 * The pictures come from the npm packages emoji-datasource-google and -twitter (notices: LICENSES.md); which go
 * where says selection.ts. A folder that is complete and up to date is left as it is.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  SET_NAMES,
  selectEmoji,
  type EmojiEntry,
  type EmojiPicture,
  type SetName,
  type Style,
} from './selection.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

/** Written last; holds a digest of everything that decides the contents. */
const STAMP_FILE = 'prepared.json';

export interface PreparedEmoji {
  readonly folder: string;
  /** Pictures per set. */
  readonly counts: Readonly<Record<SetName, number>>;
  /** False when the folder was up to date already. */
  readonly written: boolean;
}

/** @param folder receives one folder per {@link SetName}; whatever other versions of those hold is removed */
export async function prepareEmoji(folder: string): Promise<PreparedEmoji> {
  const packages: Readonly<Record<Style, string>> = {
    google: packageFolder('google'),
    twitter: packageFolder('twitter'),
  };
  const table = JSON.parse(await readFile(join(packages.google, 'emoji.json'), 'utf8')) as EmojiEntry[];
  const sets = selectEmoji(table);
  const counts = Object.fromEntries(SET_NAMES.map((name) => [name, sets[name].length])) as Record<
    SetName,
    number
  >;

  const versions = await Promise.all(
    Object.values(packages).map((path) => readFile(join(path, 'package.json'), 'utf8')),
  );
  const digest = createHash('sha256')
    .update(JSON.stringify([sets, versions]))
    .digest('hex');
  const stamp = `${JSON.stringify({ digest, counts }, null, 2)}\n`;
  const stampPath = join(folder, STAMP_FILE);
  if ((await readFile(stampPath, 'utf8').catch(() => '')) === stamp)
    return { folder, counts, written: false };

  await rm(stampPath, { force: true });
  for (const name of SET_NAMES) await writeSet(join(folder, name), sets[name], packages);
  await writeFile(stampPath, stamp);
  return { folder, counts, written: true };
}

async function writeSet(
  folder: string,
  pictures: readonly EmojiPicture[],
  packages: Readonly<Record<Style, string>>,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await Promise.all(
    pictures.map(async ({ stem, style, image, caption }) => {
      await copyFile(join(packages[style], 'img', style, '64', image), join(folder, `${stem}.png`));
      await writeFile(join(folder, `${stem}.txt`), `${caption}\n`);
    }),
  );
}

function packageFolder(style: Style): string {
  return dirname(require.resolve(`emoji-datasource-${style}/package.json`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(REPOSITORY, '.cache/emoji'));
  const { counts, written } = await prepareEmoji(folder);
  const listing = SET_NAMES.map((name) => `${name} ${counts[name]}`).join(', ');
  console.log(`${folder}: ${listing} images${written ? '' : ' (already there)'}`);
}
