import type { DocKey } from '../api';
import { BaseWalk, type TextRange } from '../image/basewalk';
import type { WalkPages } from '../image/pages';
import { type DeltaWalk, RunWalk } from '../image/runwalk';
import type { Stack } from '../image/stack';
import { Merge, type Sink } from './merge';
import { keyText } from './unapplied';
import type { KeyRange } from './versions';

/** What a scan reads: files, and walks over the changes that they do not have. */
export interface ScanSource {
  readonly stack: Stack;
  readonly changes: (texts: TextRange, reverse: boolean) => readonly DeltaWalk[];
}

/** One walk over files and changes that stay the same, batch by batch, on whichever thread. */
export class SourceScan {
  private merge: Merge | undefined;
  /** Where the merge has come to. */
  private last: DocKey | undefined;

  constructor(
    private readonly pages: WalkPages,
    private readonly source: ScanSource,
    private readonly reverse: boolean
  ) {}

  /** Gives the sink what it has room for; answers where to go on, undefined at the end. @throws what the pages throw */
  fill(range: KeyRange, sink: Sink): DocKey | undefined {
    const merge = this.last === range.after && this.merge !== undefined ? this.merge : this.begin(range);
    // Damage on the way leaves none: the next try begins anew.
    this.merge = undefined;
    if (merge.fill(sink)) {
      return undefined;
    }
    const { last } = merge;
    this.merge = merge;
    this.last = last === undefined ? undefined : Buffer.from(last, 'latin1');
    return this.last;
  }

  /**
   * Goes on through changes that come meanwhile: they are newer than the state, and an overlay entry
   * that is newer asks for the version before it.
   */
  private begin(range: KeyRange): Merge {
    const { pages, reverse } = this;
    const { stack, changes } = this.source;
    const texts = textRange(range, reverse);
    const runs = stack.runs.map(({ image, cap }) => new RunWalk(pages, image, cap, texts, reverse));
    const base = stack.base === undefined ? undefined : new BaseWalk(pages, stack.base, texts, reverse);
    return new Merge(base, [...runs, ...changes(texts, reverse)], reverse);
  }
}

/** The narrower of the bounds: a scan goes on behind `after`, and stays between `from` and `to`. */
function textRange({ from, to, after }: KeyRange, reverse: boolean): TextRange {
  const afterLow = after !== undefined && !reverse && (from === undefined || after.compare(from) >= 0);
  const afterHigh = after !== undefined && reverse && (to === undefined || after.compare(to) <= 0);
  const low = afterLow ? after : from;
  const high = afterHigh ? after : to;
  return {
    ...(low === undefined ? {} : { low: keyText(low), lowInclusive: !afterLow }),
    ...(high === undefined ? {} : { high: keyText(high), highInclusive: !afterHigh })
  };
}
