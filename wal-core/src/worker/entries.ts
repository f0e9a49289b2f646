import type { Image, IndexId, IndexInfo } from '../api';
import type { IndexKeyMaker } from '../index/keys';
import { BATCH_DOCUMENTS_DEFAULT } from '../limits';
import type { Page } from '../image/page';
import type { Sink } from '../read/merge';
import { EntryPack, type PackedEntries } from './entrypack';
import { EntryRuns } from './entryruns';
import { type Ground, HandedScan } from './handed';
import type { EntriesPart, EntriesTask, HandedIndex } from './messages';
import { bufferOf, owned } from './parcel';
import type { Pulse } from './pulse';

const LATIN1 = 'latin1';

/** How entries are sorted. */
export interface EntryOrder {
  /** What stands in front of each key of the table. */
  readonly prefix: Buffer;
  /** Bytes of entries that are held in memory. */
  readonly bytesMax: number;
  /** Where a file may lie that holds the others. */
  readonly directory: string;
}

/** Makes the entries of an index from the documents that a scan gives it, and puts them in order. */
export class EntryMaker implements Sink {
  examined = 0;
  private told = 0;
  private readonly pack: EntryPack;
  private readonly runs: EntryRuns;

  constructor(
    private readonly index: IndexInfo,
    private readonly keys: IndexKeyMaker,
    { prefix, bytesMax, directory }: EntryOrder
  ) {
    this.pack = new EntryPack(prefix, index.unique);
    this.runs = new EntryRuns(this.pack, bytesMax, directory);
  }

  /** What is packed goes first. */
  get room(): number {
    return this.pack.isReady ? 0 : BATCH_DOCUMENTS_DEFAULT;
  }

  take(page: Page, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      this.one(page, i);
    }
  }

  one(page: Page, i: number): void {
    this.examined++;
    for (const key of this.keys.keys(this.index, page.image(i))) {
      this.runs.add(key, page.bytes, page.keyStart(i), page.docKeyEnd(i));
    }
  }

  add(text: string, image: Image): void {
    this.put(Buffer.from(text, LATIN1), image);
  }

  put(docKey: Buffer, image: Image): void {
    this.examined++;
    for (const key of this.keys.keys(this.index, image)) {
      this.runs.add(key, docKey, 0, docKey.length);
    }
  }

  /** Hands over the parts that are full. */
  async handOver(take: (part: EntriesPart) => Promise<void>): Promise<void> {
    for (let entries = this.pack.take(); entries !== undefined; entries = this.pack.take()) {
      await take(this.found(entries));
    }
  }

  /** The documents have all been given: the rest in order, in steps. */
  *finish(): Generator<void> {
    yield* this.runs.finish();
    this.pack.end();
  }

  /** What was found out, after the last entry. */
  last(): EntriesPart {
    return this.found(undefined);
  }

  private found(entries: PackedEntries | undefined): EntriesPart {
    const examined = this.examined - this.told;
    this.told = this.examined;
    return {
      entries,
      examined,
      isMultikey: this.keys.multikey.has(this.index),
      twins: this.pack.twins,
      isOneOrder: this.runs.isOneOrder
    };
  }

  close(): void {
    this.runs.close();
  }
}

/** The entries of an index over a state, part by part. */
export async function entries(
  { state, index, prefix, bytesMax, directory }: EntriesTask,
  keys: IndexKeyMaker,
  ground: Ground,
  pulse: Pulse
): Promise<EntriesPart> {
  const maker = new EntryMaker(received(index), keys, { prefix: bufferOf(prefix), bytesMax, directory });
  const handOver = () => maker.handOver(part => pulse.part(part));
  try {
    const walk = new HandedScan(ground, state, false);
    let last: Buffer | undefined;
    do {
      last = walk.fill(last === undefined ? {} : { after: last }, maker);
      await handOver();
      if (pulse.isDue) {
        await pulse.beat(maker.examined);
      }
    } while (last !== undefined);
    for (const _ of maker.finish()) {
      await handOver();
      if (pulse.isDue) {
        await pulse.beat(maker.examined);
      }
    }
    await handOver();
    return maker.last();
  } finally {
    maker.close();
  }
}

/** An index as another thread takes it. */
export function handedIndex({ id, name, key, unique, sparse, partialFilter, spec }: IndexInfo): HandedIndex {
  return {
    id,
    name,
    key: owned(key),
    unique,
    sparse,
    spec: owned(spec),
    ...(partialFilter === undefined ? {} : { partialFilter: owned(partialFilter) })
  };
}

function received({ id, key, partialFilter, spec, ...rest }: HandedIndex): IndexInfo {
  return {
    ...rest,
    id: id as IndexId,
    key: bufferOf(key),
    spec: bufferOf(spec),
    ...(partialFilter === undefined ? {} : { partialFilter: bufferOf(partialFilter) })
  };
}
