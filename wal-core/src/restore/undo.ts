import type { CollectionId, DocKey, Image, Lsn, Origin, UndoSelector } from '../api';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { ArgonError } from '../errors';
import { SLICE_MS_MAX } from '../limits';
import type { LineRow } from '../log/line';
import type { LineReader } from '../read/line';
import { nextTurn, type View } from '../read/snapshot';
import { keyText } from '../read/unapplied';
import type { Versions } from '../read/versions';

/** A document that the selected changes touched. */
export interface UndoneDocument {
  readonly collection: CollectionId;
  readonly key: DocKey;
  /** Before the first selected change. */
  readonly before: Image | undefined;
  /** After the last selected change; undefined with `mixed` when others changed it in between. */
  readonly after: Image | undefined;
  /** Another change lies between the selected ones: it must not be overwritten unasked. */
  readonly isMixed: boolean;
}

export interface Undone {
  readonly firstLsn: Lsn;
  readonly lastLsn: Lsn;
  readonly changes: number;
  readonly documents: readonly UndoneDocument[];
}

interface Touched {
  readonly collection: CollectionId;
  readonly key: DocKey;
  readonly firstPrevious: Lsn;
  lastSelected: Lsn;
  isMixed: boolean;
  foreign: boolean;
}

/**
 * Finds what a selection of a branch's own changes did, document by document.
 * @throws NOTHING_TO_DO when no change fits, BAD_REQUEST when nothing is selected by
 */
export async function findUndone(
  parts: { line: LineReader; versions: Versions; registry: Registry },
  view: View,
  what: UndoSelector
): Promise<Undone> {
  const select = selector(parts.registry, what);
  const { timeline, from, to } = bounds(view, what);
  const touched = new Map<string, Touched>();
  let firstLsn: Lsn | undefined;
  let lastLsn = 0 as Lsn;
  let changes = 0;
  let deadline = performance.now() + SLICE_MS_MAX;
  for (const { row, record } of parts.line.records(timeline, from, to)) {
    const name = `${record.collection} ${keyText(record.key)}`;
    const known = touched.get(name);
    if (select(row, record.lsn)) {
      firstLsn ??= record.lsn;
      lastLsn = record.lsn;
      changes++;
      if (known === undefined) {
        touched.set(name, {
          collection: record.collection,
          key: record.key,
          firstPrevious: record.previous,
          lastSelected: record.lsn,
          isMixed: false,
          foreign: false
        });
      } else {
        known.isMixed ||= known.foreign;
        known.lastSelected = record.lsn;
      }
    } else if (known !== undefined) {
      known.foreign = true;
    }
    if (performance.now() > deadline) {
      await nextTurn();
      deadline = performance.now() + SLICE_MS_MAX;
    }
  }
  if (firstLsn === undefined) {
    throw new ArgonError(
      'NOTHING_TO_DO',
      `No change on ${view.branch ?? view.ref} fits: ${describeSelector(what)}.`
    );
  }
  const documents = [...touched.values()].map(item => {
    const chain = timeline.chain(item.lastSelected);
    return {
      collection: item.collection,
      key: item.key,
      before: parts.versions.at(chain, item.collection, item.key, item.firstPrevious),
      after: parts.versions.at(chain, item.collection, item.key, item.lastSelected),
      isMixed: item.isMixed
    };
  });
  return { firstLsn, lastLsn, changes, documents };
}

/** The part of the branch's own timeline to look through: `(from, to]`. */
function bounds(view: View, { range }: UndoSelector): { timeline: Timeline; from: Lsn; to: Lsn } {
  const timeline = view.line;
  if (range === undefined) {
    return { timeline, from: timeline.forkLsn, to: view.lsn };
  }
  if (range.first > range.last || range.first < 1) {
    throw new ArgonError('BAD_REQUEST', `${range.first}..${range.last} is not a range of LSNs.`, {
      data: { ...range }
    });
  }
  if (range.last <= timeline.forkLsn) {
    throw new ArgonError(
      'NOTHING_TO_DO',
      `LSN ${range.first}..${range.last} lies before the fork of ${view.branch ?? view.ref} at ${timeline.forkLsn}; undo it on the branch that made it.`,
      { data: { ...range, fork: timeline.forkLsn } }
    );
  }
  return {
    timeline,
    from: Math.max(range.first - 1, timeline.forkLsn) as Lsn,
    to: Math.min(range.last, view.lsn) as Lsn
  };
}

function selector(registry: Registry, what: UndoSelector): (row: LineRow, lsn: Lsn) => boolean {
  const { range, cell, cellNumber, session, actor, txn } = what;
  if ([range, cell, cellNumber, session, actor, txn].every(part => part === undefined)) {
    throw new ArgonError(
      'BAD_REQUEST',
      'An undo needs a range of LSNs, a cell, a session, an actor or a transaction.'
    );
  }
  const fits = (origin: Origin) =>
    (cell === undefined || origin.cell === cell) &&
    (cellNumber === undefined || origin.cellNumber === cellNumber) &&
    (session === undefined || origin.session === session) &&
    (actor === undefined || origin.actor === actor);
  return (row, lsn) =>
    (range === undefined || (range.first <= lsn && lsn <= range.last)) &&
    (txn === undefined || row.txn === txn) &&
    fits(registry.origin(row.origin));
}

/** The selection in words: `cell [7]`, `LSN 821..944`. */
export function describeSelector({ range, cell, cellNumber, session, actor, txn }: UndoSelector): string {
  const words = [
    cellNumber === undefined ? undefined : `cell [${cellNumber}]`,
    cell === undefined || cellNumber !== undefined ? undefined : `cell ${cell}`,
    range === undefined || cellNumber !== undefined || cell !== undefined
      ? undefined
      : `LSN ${range.first}..${range.last}`,
    actor === undefined ? undefined : `actor ${actor}`,
    txn === undefined ? undefined : `transaction ${txn}`,
    session === undefined || cellNumber !== undefined || cell !== undefined ? undefined : `session ${session}`
  ];
  return words.filter(word => word !== undefined).join(', ');
}
