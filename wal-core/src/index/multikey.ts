import { createHash } from 'node:crypto';
import type { IndexInfo } from '../api';
import { afterPrefix, META_PREFIX_BYTES, metaKey, TABLE } from '../store/keys';
import type { OrderedStore, Put } from '../store/store';

const PRESENT = Buffer.from([1]);
const NAME_BYTES = 16;

/**
 * Which indexes ever had a document with an array on their paths, on any branch, at any time. It only grows, and a
 * document is noted before it is logged: where nothing is noted, a planner may use both ends of a range and the
 * index's order. An index is known by id and specification; that two projects share both costs speed, never truth.
 */
export class MultikeyIndexes {
  private readonly known = new Set<string>();
  private fresh: { readonly id: number; readonly name: Buffer }[] = [];
  private readonly names = new WeakMap<Buffer, Buffer>();

  static load(store: OrderedStore): MultikeyIndexes {
    const multikey = new MultikeyIndexes();
    const from = Buffer.from([TABLE.multikey]);
    for (const { key } of store.range('meta', { from, to: afterPrefix(from) })) {
      multikey.known.add(textOf(key.readUInt32BE(1), key.subarray(META_PREFIX_BYTES)));
    }
    return multikey;
  }

  has(index: IndexInfo): boolean {
    return this.known.has(textOf(index.id, this.nameOf(index)));
  }

  note(index: IndexInfo): void {
    const name = this.nameOf(index);
    const text = textOf(index.id, name);
    if (!this.known.has(text)) {
      this.known.add(text);
      this.fresh.push({ id: index.id, name });
    }
  }

  /** What was noted of an index while it had no id yet goes to the one it got. */
  adopt(index: IndexInfo, nameless: IndexInfo): void {
    if (this.known.delete(textOf(nameless.id, this.nameOf(nameless)))) {
      this.fresh = this.fresh.filter(({ id }) => id !== nameless.id);
      this.note(index);
    }
  }

  /** Rows for what was noted since the last call; they go with the documents that made them. */
  puts(): Put[] {
    const fresh = this.fresh.splice(0);
    return fresh.map(({ id, name }) => ({
      table: 'meta',
      key: metaKey(TABLE.multikey, id, name),
      value: PRESENT
    }));
  }

  private nameOf({ spec }: IndexInfo): Buffer {
    let name = this.names.get(spec);
    if (name === undefined) {
      name = createHash('sha256').update(spec).digest().subarray(0, NAME_BYTES);
      this.names.set(spec, name);
    }
    return name;
  }
}

function textOf(id: number, name: Buffer): string {
  return `${id} ${name.toString('latin1')}`;
}
