import type { Lsn, TimelineId } from '@argon/wal-core';
import type { Stretch } from './past';

/** Undos that are remembered of all projects; the oldest are forgotten, and what they took back counts as standing. */
export const UNDOS_MAX = 10_000;
/** Undos of a block, which is passed over as a whole when none of them can be meant. */
const BLOCK_UNDOS = 64;

export interface LsnRange {
  readonly first: Lsn;
  readonly last: Lsn;
}

/** An undo: where it was written, and what it took back. */
export interface Undo {
  readonly project: string;
  readonly timeline: TimelineId;
  readonly first: Lsn;
  last: Lsn;
  readonly of: LsnRange;
}

interface Block {
  readonly undos: Undo[];
  /** What all of them lie in. Wider than that when some were forgotten. */
  readonly of: { first: Lsn; last: Lsn };
}

/**
 * Undos by the timeline they were written on, oldest first. They mostly take back what is near, so that few blocks of
 * them can have covered a range of changes.
 */
export class Undos {
  private readonly lines = new Map<string, Block[]>();
  /** The lines of all undos, in the order in which these came; those before `forgotten` are gone. */
  private order: string[] = [];
  private forgotten = 0;

  /** The newest undo of all. */
  private newest: Undo | undefined;

  add(undo: Undo): void {
    const { newest } = this;
    if (newest?.project === undo.project && newest.timeline === undo.timeline) {
      if (newest.last + 1 === undo.first && isSameRange(newest.of, undo.of)) {
        // A long one is written in parts.
        newest.last = undo.last;
        return;
      }
    }
    this.newest = undo;
    const line = lineOf(undo.project, undo.timeline);
    const blocks = this.lines.get(line) ?? [];
    this.lines.set(line, blocks);
    const block = blocks.at(-1);
    if (block === undefined || block.undos.length >= BLOCK_UNDOS) {
      blocks.push({ undos: [undo], of: { ...undo.of } });
    } else {
      block.undos.push(undo);
      block.of.first = undo.of.first < block.of.first ? undo.of.first : block.of.first;
      block.of.last = undo.of.last > block.of.last ? undo.of.last : block.of.last;
    }
    this.order.push(line);
    if (this.order.length - this.forgotten > UNDOS_MAX) {
      this.forgetOldest();
    }
  }

  /** The oldest undo after an LSN, in a past given oldest first, that was of all changes of a range. */
  next(project: string, past: readonly Stretch[], range: LsnRange, after: Lsn): Undo | undefined {
    for (const { timeline, upTo } of past) {
      for (const { undos, of } of this.lines.get(lineOf(project, timeline)) ?? []) {
        if (!covers(of, range) || undos.at(-1)!.first <= after) {
          continue;
        }
        const found = undos.find(undo => undo.first > after && undo.last <= upTo && covers(undo.of, range));
        if (found !== undefined) {
          return found;
        }
      }
    }
    return undefined;
  }

  private forgetOldest(): void {
    const line = this.order[this.forgotten++]!;
    const blocks = this.lines.get(line)!;
    const [block] = blocks;
    block!.undos.shift();
    if (block!.undos.length === 0) {
      blocks.shift();
    }
    if (blocks.length === 0) {
      this.lines.delete(line);
    }
    if (this.forgotten > UNDOS_MAX) {
      this.order = this.order.slice(this.forgotten);
      this.forgotten = 0;
    }
  }
}

function lineOf(project: string, timeline: TimelineId): string {
  return `${timeline} ${project}`;
}

function covers(of: LsnRange, range: LsnRange): boolean {
  return of.first <= range.first && range.last <= of.last;
}

function isSameRange(a: LsnRange, b: LsnRange): boolean {
  return a.first === b.first && a.last === b.last;
}
