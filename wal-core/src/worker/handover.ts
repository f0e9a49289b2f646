import type { CollectionId, Lsn } from '../api';
import { assertKept } from '../branch/kept';
import { isArgonError } from '../errors';
import { LSN_SUFFIX_BYTES } from '../image/format';
import { Pace } from '../log/pace';
import type { Overlay, PackedOverlay } from '../overlay/overlay';
import { packed } from '../overlay/packed';
import type { LongReadView } from '../read/snapshot';
import { type Source, StateScan, type StateScanParts } from '../read/statescan';
import type { HandedRange, HandedState } from './messages';

/** Overlays that are being packed, so that two readers do not do it twice. */
const packing = new WeakMap<Overlay, Promise<PackedOverlay>>();
const NO_CHANGES: PackedOverlay['lists'] = [];

/** Makes a state of a collection readable for workers, and keeps it so while they read. */
export class Handover {
  private readonly scan: StateScan;
  private source: Source | undefined;

  constructor(
    private readonly parts: StateScanParts,
    private readonly view: LongReadView,
    private readonly collection: CollectionId,
    reverse: boolean
  ) {
    this.scan = new StateScan(parts, view.chain, collection, reverse);
  }

  /** No more documents than this are in the collection, as far as counters tell. */
  documentsMax(): number {
    const { images, overlays } = this.parts;
    const { chain } = this.view;
    const { base, runs, coverage } = images.stack(chain, this.collection);
    const imaged = runs.reduce((sum, { image }) => sum + image.entries, base?.entries ?? 0);
    return imaged + overlays.changesOn(chain, coverage);
  }

  /** Does work on the state, again when an image turned out to be damaged. @throws HISTORY_GONE */
  async with<T>(work: (state: HandedState) => Promise<T>): Promise<T> {
    for (;;) {
      const { state, release } = await this.begin();
      try {
        const found = await work(state);
        this.assertKept();
        return found;
      } catch (error) {
        this.forgive(error);
      } finally {
        release();
      }
    }
  }

  /** The state, whose files stay until `release`. */
  async begin(): Promise<{ state: HandedState; release: () => void }> {
    const { images, missed } = this.parts;
    const { collection } = this;
    const { chain, lsn } = this.view;
    const links = chain.map(({ timeline: { id }, cap }) => ({ timeline: { id }, cap }));
    for (;;) {
      const source = await this.scan.describe();
      this.source = source;
      if (source === undefined) {
        missed?.(chain, collection);
        return { state: { collection, lsn, chain: links, source: undefined }, release: () => undefined };
      }
      const { stack, overlay } = source;
      const release = images.hold([
        ...(stack.base === undefined ? [] : [stack.base]),
        ...stack.runs.map(({ image }) => image)
      ]);
      const changes = overlay === undefined ? NO_CHANGES : await listsOf(overlay, lsn);
      if (changes !== undefined) {
        return { state: { collection, lsn, chain: links, source: { stack, changes } }, release };
      }
      release();
    }
  }

  /**
   * What a worker has read was whole if the state is kept now: garbage collection says what goes before it goes.
   * @throws HISTORY_GONE
   */
  assertKept(): void {
    const { line, lsn } = this.view;
    assertKept(line, lsn);
  }

  /** Takes a damaged image out of use, so that the next try does without. @throws any other error */
  forgive(error: unknown): void {
    const file = isArgonError(error, 'DATA_CORRUPT') ? error.data['image'] : undefined;
    const { base, runs } = this.source?.stack ?? { base: undefined, runs: [] };
    const damaged = [base, ...runs.map(({ image }) => image)].find(
      image => image !== undefined && image.file === file
    );
    if (damaged === undefined) {
      this.assertKept();
      throw error;
    }
    this.parts.images.discard(damaged);
  }

  /** Divides ranges for several threads: the longest one where the pages of the base say. */
  divided(ranges: readonly HandedRange[], shares: number): HandedRange[][] {
    const base = this.source?.stack.base;
    const [only] = ranges;
    if (base === undefined || ranges.length > 1 || only === undefined || shares < 2) {
      return [[...ranges]];
    }
    const file = this.parts.images.file(base);
    const low = only.after ?? only.from;
    const first = low === undefined ? 0 : file.pageOf(latin1(low));
    const past = only.to === undefined ? file.pages : file.pageOf(latin1(only.to)) + 1;
    const cuts: Buffer[] = [];
    for (let i = 1; i < shares; i++) {
      const page = first + Math.floor(((past - first) * i) / shares);
      if (page > first && page < past) {
        cuts.push(file.firstKey(page).subarray(0, -LSN_SUFFIX_BYTES));
      }
    }
    const { to, ...start } = only;
    return [...cuts, undefined].map((cut, i) => {
      const end = cut ?? to;
      const begin: HandedRange = i === 0 ? start : { after: Uint8Array.from(cuts[i - 1]!) };
      return [{ ...begin, ...(end === undefined ? {} : { to: Uint8Array.from(end) }) }];
    });
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * The entries of an overlay, packed now or before; complete for states up to `lsn`. Undefined when they were being
 * packed for an older state: the overlay may have been cut back meanwhile.
 */
async function listsOf(overlay: Overlay, lsn: Lsn): Promise<PackedOverlay['lists'] | undefined> {
  const under = packing.get(overlay);
  if (overlay.packed === undefined && under !== undefined) {
    const made = await under;
    return made.upTo >= lsn ? made.lists : undefined;
  }
  if (overlay.packed !== undefined && overlay.packed.upTo >= lsn) {
    return overlay.packed.lists;
  }
  const work = packed(overlay.lists(), new Pace()).then(made => ({ ...made, upTo: lsn }));
  packing.set(overlay, work);
  try {
    const made = await work;
    overlay.keepPacked(made);
    return made.lists;
  } finally {
    if (packing.get(overlay) === work) {
      packing.delete(overlay);
    }
  }
}
