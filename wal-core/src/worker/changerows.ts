import { SIDES_BYTES } from '../diff/sides';

/*
 * Rows of changed documents one behind another, in key order:
 *   [length of the key u16][collection u32][docKey][what is known of its versions, see `diff/sides.ts`]
 */
const HEAD_BYTES = 2;

/** `key` with its collection in front. */
export interface ChangeRow {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Gathers rows for a file. */
export class RowWriter {
  private readonly pieces: Buffer[] = [];
  bytes = 0;

  add({ key, value }: ChangeRow): void {
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt16BE(key.length, 0);
    this.pieces.push(head, key, value);
    this.bytes += HEAD_BYTES + key.length + SIDES_BYTES;
  }

  /** Everything so far, and begins anew. */
  take(): Buffer {
    this.bytes = 0;
    return Buffer.concat(this.pieces.splice(0));
  }
}

/** The rows in `bytes`; answers where an unfinished one begins. */
export function* rowsIn(bytes: Buffer): Generator<ChangeRow, number> {
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const keyEnd = at + HEAD_BYTES + bytes.readUInt16BE(at);
    const end = keyEnd + SIDES_BYTES;
    if (end > bytes.length) {
      break;
    }
    yield { key: bytes.subarray(at + HEAD_BYTES, keyEnd), value: bytes.subarray(keyEnd, end) };
    at = end;
  }
  return at;
}
