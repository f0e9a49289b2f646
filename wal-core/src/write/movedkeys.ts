import type { DocKey, IndexId } from '../api';
import { afterPrefix, u32 } from '../store/keys';
import type { Scratch } from '../store/scratch';

/*
 * Rows of a scratch map: [index u32][KeyString][docKey] → [live u8][length of the KeyString u16][position u48]
 */
const INDEX_BYTES = 4;
const VALUE_BYTES = 9;
const POSITION_BYTES = 6;

/** What a stage did last to the key of a document in a unique index. */
export interface MovedKey {
  readonly index: IndexId;
  readonly key: Buffer;
  readonly docKey: DocKey;
  readonly live: boolean;
  /** Position of the record. */
  readonly at: number;
}

/** The keys of unique indexes of a large stage, in bounded memory: of each document the last word counts. */
export class MovedKeys {
  constructor(private readonly rows: Scratch) {}

  add({ index, key, docKey, live, at }: MovedKey): void {
    const value = Buffer.allocUnsafe(VALUE_BYTES);
    value[0] = live ? 1 : 0;
    value.writeUInt16BE(key.length, 1);
    value.writeUIntBE(at, 3, POSITION_BYTES);
    this.rows.set(Buffer.concat([u32(index), key, docKey]), value);
  }

  get isHeavy(): boolean {
    return this.rows.isHeavy;
  }

  relieve(): Promise<void> {
    return this.rows.relieve();
  }

  /** The documents that were given or lost a key. */
  *of(index: IndexId, key: Buffer): Generator<MovedKey> {
    const prefix = Buffer.concat([u32(index), key]);
    for (const row of this.rows.rows(prefix, afterPrefix(prefix))) {
      const moved = decode(row.key, row.value);
      // A longer key may begin with this one.
      if (moved.key.length === key.length) {
        yield moved;
      }
    }
  }

  /** One document of each key. */
  *keys(): Generator<MovedKey> {
    let last: MovedKey | undefined;
    for (const { key, value } of this.rows.rows()) {
      const moved = decode(key, value);
      if (last?.index !== moved.index || !last.key.equals(moved.key)) {
        yield moved;
        last = moved;
      }
    }
  }

  close(): void {
    this.rows.close();
  }
}

function decode(row: Buffer, value: Buffer): MovedKey {
  const end = INDEX_BYTES + value.readUInt16BE(1);
  return {
    index: row.readUInt32BE(0) as IndexId,
    key: row.subarray(INDEX_BYTES, end),
    docKey: row.subarray(end),
    live: value[0] === 1,
    at: value.readUIntBE(3, POSITION_BYTES)
  };
}
