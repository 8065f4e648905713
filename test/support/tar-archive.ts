/** Tar archives for tests, whole or wrong in one place: written here, so that the reader is not tested by itself. */

const BLOCK_BYTES = 512;

export interface TarEntry {
  readonly name: string;
  readonly body?: string | Uint8Array;
  /** Type flag; `0` is a file. */
  readonly type?: string;
  /** What the size field says instead of the body's length: text in the field. */
  readonly sizeField?: string;
  readonly linkTarget?: string;
  /** Makes the checksum wrong. */
  readonly brokenChecksum?: boolean;
}

export function tarEntry(entry: TarEntry): Buffer {
  const body = Buffer.from(entry.body ?? '');
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(entry.name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(entry.sizeField ?? `${body.length.toString(8).padStart(11, '0')}\0`, 124, 12, 'latin1');
  header.write('00000000000\0', 136);
  header.write(entry.type ?? '0', 156, 1, 'latin1');
  header.write(entry.linkTarget ?? '', 157, 100, 'utf8');
  header.write('ustar\x0000', 257, 'latin1');
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, entry.brokenChecksum === true ? 1 : 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK_BYTES - (body.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return Buffer.concat([header, body, padding]);
}

/** A pax header for the entry that follows. */
export function paxHeader(records: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): Buffer {
  const body = Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = Buffer.byteLength(rest) + 1;
      while (String(length).length + Buffer.byteLength(rest) !== length) length++;
      return `${length}${rest}`;
    })
    .join('');
  return tarEntry({ name: 'PaxHeaders/x', type, body });
}

/** Entries and the end marker. */
export function tarArchive(entries: readonly (TarEntry | Buffer)[]): Buffer {
  const blocks = entries.map((entry) => (Buffer.isBuffer(entry) ? entry : tarEntry(entry)));
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}
