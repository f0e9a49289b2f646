import type { DocKey, Image } from '../api';
import { WalkPages } from '../image/pages';
import { PackedWalk } from '../overlay/packed';
import type { Sink } from '../read/merge';
import { SourceScan } from '../read/sourcescan';
import { keyOfText, keyText } from '../read/unapplied';
import type { KeyRange, Versions } from '../read/versions';
import type { WorkerFiles } from './files';
import type { HandedRange, HandedState } from './messages';
import { bufferOf } from './parcel';

/** Documents taken from `ver` in one go. */
const WALK_DOCUMENTS = 512;

/** What a worker reads from. */
export interface Ground {
  readonly versions: Versions;
  readonly files: WorkerFiles;
}

/** A walk over a state that was handed over: the counterpart of `StateScan`. */
export class HandedScan {
  private readonly scan: SourceScan | undefined;

  constructor(
    private readonly ground: Ground,
    private readonly state: HandedState,
    reverse: boolean
  ) {
    const { source } = state;
    if (source !== undefined) {
      const reader = this.reader();
      const changes: ConstructorParameters<typeof SourceScan>[1]['changes'] = (texts, isReverse) =>
        source.changes.map(pieces => new PackedWalk(pieces, reader, texts, isReverse));
      this.scan = new SourceScan(new WalkPages(ground.files), { stack: source.stack, changes }, reverse);
    }
  }

  /** Gives the sink what it has room for; answers where to go on, undefined at the end. */
  fill(range: KeyRange, sink: Sink): DocKey | undefined {
    if (this.scan !== undefined) {
      return this.scan.fill(range, sink);
    }
    const { chain, collection } = this.state;
    const count = Math.min(sink.room, WALK_DOCUMENTS);
    const { keys, images, lsns, last } = this.ground.versions.batch(chain, collection, range, count);
    for (const [i, key] of keys.entries()) {
      sink.add(keyText(key), images[i]!, lsns[i]);
    }
    return last;
  }

  private reader(): ConstructorParameters<typeof PackedWalk>[1] {
    const { versions } = this.ground;
    const { chain, collection, lsn } = this.state;
    return {
      cap: lsn,
      before: (text): Image | undefined => versions.walk(chain, collection, keyOfText(text))?.image,
      exact: (text, timeline, at) => versions.exact(timeline, collection, keyOfText(text), at)
    };
  }
}

/** A range as walks take it. */
export function rangeOf({ after, from, to }: HandedRange, reverse: boolean): KeyRange {
  return {
    reverse,
    ...(after === undefined ? {} : { after: bufferOf(after) }),
    ...(from === undefined ? {} : { from: bufferOf(from) }),
    ...(to === undefined ? {} : { to: bufferOf(to) })
  };
}
