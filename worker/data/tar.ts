/**
 * Where the members of a tar archive are. Reads headers only, in POSIX ustar and pax form and with GNU's long names;
 * the members' bytes are read later, by offset, so an archive is never unpacked.
 *
 * The archive may be a stranger's: every field is checked against the file it is in, names that lead out of the
 * archive, links, devices and sparse files are refused, and so is an archive that ends early or goes on after its end.
 * POSIX.1-2001 `pax`, "pax Interchange Format".
 */
import { open, type FileHandle } from 'node:fs/promises';
import { SaraError } from '../../shared/errors.ts';
import { staysInside } from './inner-path.ts';

const BLOCK_BYTES = 512;
/** A pax header or long name: a path, or a few attributes. */
const MAX_EXTENSION_BYTES = 64 * 1024;
const MAX_MEMBERS = 4_000_000;
/** Zeros after the end marker are read in pieces of this size; writers pad to 10 KiB. */
const READ_BYTES = 1 << 20;

export interface TarMember {
  /** Inside the archive, with forward slashes, without `./`. */
  readonly name: string;
  /** Of its bytes in the archive file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What a pax header or long name says of the member that follows. */
interface Extension {
  readonly path?: string;
  readonly size?: number;
}

/**
 * The regular files of an archive, in its order; folders are left out.
 * @throws SaraError FILE_NOT_FOUND, or DATA_INVALID naming archive, place and what is wrong
 */
export async function readTarIndex(path: string): Promise<TarMember[]> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SaraError('FILE_NOT_FOUND', `archive ${path} cannot be read: ${reason}`, { path }, { cause });
  }
  try {
    return await new TarIndexer(path, file, (await file.stat()).size).run();
  } finally {
    await file.close();
  }
}

class TarIndexer {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #sizeBytes: number;
  readonly #members = new Map<string, TarMember>();

  constructor(path: string, file: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  async run(): Promise<TarMember[]> {
    let extension: Extension = {};
    for (let at = 0; ;) {
      const header = await this.#read(at, BLOCK_BYTES, 'a header');
      if (header.every((byte) => byte === 0)) {
        await this.#checkEnd(at);
        return [...this.#members.values()];
      }
      const { type, name, sizeBytes } = this.#parseHeader(header, at);
      const body = at + BLOCK_BYTES;
      switch (type) {
        case 'x':
        case 'L': {
          const text = await this.#readExtension(body, sizeBytes, at);
          extension =
            type === 'x'
              ? { ...extension, ...this.#parsePax(text, at) }
              : { ...extension, path: untilNul(this.#utf8(text, at)) };
          at = body + wholeBlocks(sizeBytes);
          break;
        }
        case 'g': {
          const { path, size } = this.#parsePax(await this.#readExtension(body, sizeBytes, at), at);
          if (path !== undefined || size !== undefined)
            throw this.#invalid(at, 'sets one path or size for all members');
          at = body + wholeBlocks(sizeBytes);
          break;
        }
        case '5': // a folder
          at = body + wholeBlocks(sizeBytes);
          extension = {};
          break;
        case '0':
        case '\0':
          at =
            body +
            wholeBlocks(this.#addMember(extension.path ?? name, body, extension.size ?? sizeBytes, at));
          extension = {};
          break;
        case '1':
        case '2':
          throw this.#invalid(
            at,
            `holds a link, ${JSON.stringify(extension.path ?? name)}; only files are read`,
          );
        default:
          throw this.#invalid(
            at,
            `holds ${JSON.stringify(extension.path ?? name)} of type ${JSON.stringify(type)}; only files are read`,
          );
      }
    }
  }

  /** @returns the member's size */
  #addMember(name: string, offset: number, sizeBytes: number, at: number): number {
    if (!staysInside(name)) {
      throw this.#invalid(at, `holds the path ${JSON.stringify(name)}, which leads out of the archive`);
    }
    const plain = name.replace(/^(\.\/+)+/, '');
    if (this.#members.has(plain)) throw this.#invalid(at, `holds ${plain} twice`);
    if (this.#members.size === MAX_MEMBERS) throw this.#invalid(at, `holds more than ${MAX_MEMBERS} files`);
    if (offset + sizeBytes > this.#sizeBytes) {
      throw this.#invalid(
        at,
        `holds ${plain} of ${sizeBytes} bytes, but ends after ${this.#sizeBytes - offset} of them; is it half a download?`,
      );
    }
    this.#members.set(plain, { name: plain, offset, sizeBytes });
    return sizeBytes;
  }

  #parseHeader(header: Buffer, at: number): { type: string; name: string; sizeBytes: number } {
    const field = (start: number, length: number): string =>
      untilNul(header.toString('latin1', start, start + length));
    if (header.toString('latin1', 257, 262) !== 'ustar') {
      throw this.#invalid(
        at,
        at === 0 ? 'is no tar archive (no ustar header)' : 'has no header where one is due',
      );
    }
    const checksum = Number.parseInt(field(148, 8).trim(), 8);
    const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
    if (checksum !== sum) throw this.#invalid(at, `has a header whose checksum is ${checksum}, not ${sum}`);
    const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? field(345, 155) : '';
    const bytes = Buffer.from(prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`, 'latin1');
    return {
      type: String.fromCharCode(header[156]),
      name: this.#utf8(bytes, at),
      sizeBytes: this.#parseSize(header.subarray(124, 136), at),
    };
  }

  /** Octal digits, or from 8 GiB on a big-endian number marked by its first bit. */
  #parseSize(field: Buffer, at: number): number {
    if (field[0] === 0x80) {
      const size = field.readBigUInt64BE(4);
      if (size <= BigInt(this.#sizeBytes) && field.subarray(1, 4).every((byte) => byte === 0))
        return Number(size);
    } else {
      const text = untilNul(field.toString('latin1')).trim();
      if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8);
    }
    throw this.#invalid(at, 'has a header with a size that is none');
  }

  async #readExtension(offset: number, sizeBytes: number, at: number): Promise<Buffer> {
    if (sizeBytes > MAX_EXTENSION_BYTES) {
      throw this.#invalid(
        at,
        `has an extended header of ${sizeBytes} bytes, more than ${MAX_EXTENSION_BYTES}`,
      );
    }
    return this.#read(offset, sizeBytes, 'an extended header');
  }

  /** Records `<length> <key>=<value>\n`, the length counting itself. */
  #parsePax(bytes: Buffer, at: number): Extension {
    let extension: Extension = {};
    for (let start = 0; start < bytes.length;) {
      const space = bytes.indexOf(0x20, start);
      const digits = space < 0 ? '' : bytes.toString('latin1', start, space);
      const end = start + Number(digits);
      if (!/^[1-9]\d{0,5}$/.test(digits) || end > bytes.length || end <= space + 1 || bytes[end - 1] !== 0x0a)
        throw this.#invalid(at, 'has an extended header that is not well formed');
      const record = this.#utf8(bytes.subarray(space + 1, end - 1), at);
      const equals = record.indexOf('=');
      const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
      if (equals < 1) throw this.#invalid(at, 'has an extended header that is not well formed');
      if (key.startsWith('GNU.sparse'))
        throw this.#invalid(at, 'holds a sparse file; only whole files are read');
      if (key === 'path') extension = { ...extension, path: value };
      if (key === 'size') {
        if (!/^\d{1,15}$/.test(value)) throw this.#invalid(at, `gives the size ${JSON.stringify(value)}`);
        extension = { ...extension, size: Number(value) };
      }
      start = end;
    }
    return extension;
  }

  /** A second empty block, and nothing after it but padding. */
  async #checkEnd(firstEmpty: number): Promise<void> {
    const second = await this.#read(firstEmpty + BLOCK_BYTES, BLOCK_BYTES, 'its end');
    if (second.some((byte) => byte !== 0))
      throw this.#invalid(firstEmpty, 'has a header where its end is due');
    for (let at = firstEmpty + 2 * BLOCK_BYTES; at < this.#sizeBytes; at += READ_BYTES) {
      const rest = await this.#read(at, Math.min(READ_BYTES, this.#sizeBytes - at), 'its padding');
      if (rest.some((byte) => byte !== 0))
        throw this.#invalid(at, 'goes on after its end; were two archives joined?');
    }
  }

  async #read(offset: number, sizeBytes: number, what: string): Promise<Buffer> {
    const bytes = Buffer.alloc(sizeBytes);
    for (let done = 0; done < sizeBytes;) {
      const { bytesRead } = await this.#file.read(bytes, done, sizeBytes - done, offset + done);
      if (bytesRead === 0) {
        const half = offset === 0 && this.#sizeBytes === 0 ? 'is empty' : `ends where ${what} is due`;
        throw this.#invalid(offset, `${half}; is it half a download?`);
      }
      done += bytesRead;
    }
    return bytes;
  }

  #utf8(bytes: Buffer, at: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw this.#invalid(at, 'has a header whose text is not UTF-8');
    }
  }

  #invalid(offset: number, problem: string): SaraError {
    return new SaraError('DATA_INVALID', `archive ${this.#path} ${problem} (at byte ${offset})`, {
      path: this.#path,
      offset,
    });
  }
}

function wholeBlocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

function untilNul(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
