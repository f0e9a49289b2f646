import type { Entry, Timeline } from '../client/protocol';
import { ancestry } from '../model/refs';

/** The line that the slider moves on: every LSN of the project, and which of them made my branch. */
export interface ITrack {
  /** Newest LSN of the project. */
  readonly head: number;
  /** LSN of the branch's own head. */
  readonly branchHead: number;
  /** Where the branch was forked; undefined for the first timeline. */
  readonly fork: number | undefined;
  /** Entries that made the branch, oldest first. */
  readonly entries: readonly Entry[];
  /** Ranges of LSNs that made the branch, oldest first, joined where they touch. */
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
}

/** Works out the track of a branch from what is loaded of the history. */
export function trackOf(
  entries: readonly Entry[],
  timelines: ReadonlyMap<number, Timeline>,
  timeline: number,
  head: number
): ITrack {
  const line = timelines.get(timeline);
  const branchHead = line?.head ?? head;
  const chain = new Map(ancestry(timelines, timeline, branchHead).map(part => [part.timeline, part.upTo]));
  const own = entries.filter(entry => entry.firstLsn <= (chain.get(entry.timeline) ?? -1)).reverse();
  const ranges: { from: number; to: number }[] = [];
  for (const entry of own) {
    const to = Math.min(entry.lastLsn, chain.get(entry.timeline) ?? entry.lastLsn);
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 >= entry.firstLsn) {
      last.to = Math.max(last.to, to);
    } else {
      ranges.push({ from: entry.firstLsn, to });
    }
  }
  return {
    head,
    branchHead,
    fork: line?.parent === undefined ? undefined : line.forkLsn,
    entries: own,
    ranges
  };
}

/** The newest entry of the track at or before an LSN. */
export function entryAt(track: ITrack, lsn: number): Entry | undefined {
  return [...track.entries].reverse().find(entry => entry.firstLsn <= lsn);
}

/** Changes of the track after an LSN. */
export function changesAfter(track: ITrack, lsn: number): number {
  return track.ranges.reduce((total, { from, to }) => total + Math.max(0, to - Math.max(from - 1, lsn)), 0);
}

/** The state one entry back or on from an LSN: the end of an entry, 0, or the head of the branch. */
export function stepFrom(track: ITrack, lsn: number, direction: 1 | -1): number {
  const ends = [0, ...track.entries.map(entry => entry.lastLsn)];
  return direction === 1
    ? (ends.find(end => end > lsn) ?? track.branchHead)
    : (ends.reverse().find(end => end < lsn) ?? 0);
}

/** A mark under the track. */
export interface ITrackLabel {
  readonly at: number;
  readonly text: string;
  readonly kind: 'end' | 'fork' | 'pin';
}

/** The labels that have room, most telling first: both ends, the fork, then pins. `widthOf` is in shares of the track. */
export function labelsWithRoom(
  wanted: readonly ITrackLabel[],
  head: number,
  widthOf: (label: ITrackLabel) => number
): readonly ITrackLabel[] {
  const placed: { label: ITrackLabel; from: number; to: number }[] = [];
  for (const label of wanted) {
    const width = widthOf(label);
    const middle = head === 0 ? 0 : label.at / head;
    const from = Math.min(Math.max(0, middle - width / 2), 1 - width);
    if (placed.every(other => from + width < other.from || from > other.to)) {
      placed.push({ label, from, to: from + width });
    }
  }
  return placed.map(({ label }) => label);
}
