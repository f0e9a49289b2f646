import type { CollectionId, DocKey, Image, Lsn, Origin, UndoSelector } from '../api';
import { assertChangesKept } from '../branch/kept';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { rowKey } from '../diff/changed';
import { ArgonError } from '../errors';
import type { LineRow } from '../log/line';
import type { LineReader } from '../read/line';
import { Pace } from '../log/pace';
import type { View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import type { Scratch, ScratchRoom } from '../store/scratch';

const LSN_BYTES = 6;
const NOTHING = Buffer.alloc(0);
const MIXED = 1;
const FOREIGN = 2;

/** A document that the selected changes touched. */
export interface SelectedDocument {
  readonly key: DocKey;
  /** LSN of its version before the first selected change; 0 when there was none. */
  readonly firstPrevious: Lsn;
  /** LSN of the last selected change. */
  readonly lastSelected: Lsn;
  /** Another change lies between the selected ones: it must not be overwritten unasked. */
  readonly isMixed: boolean;
}

export interface SelectionParts {
  readonly line: LineReader;
  readonly versions: Versions;
  readonly registry: Registry;
  readonly scratch: ScratchRoom;
}

/** A piece of a timeline to look through: `(from, to]`. */
interface Stretch {
  readonly timeline: Timeline;
  readonly from: Lsn;
  readonly to: Lsn;
}

/** What is remembered of a document: `[LSN before the first change u48][LSN of the last u48][flags u8]`. */
interface Touched {
  readonly firstPrevious: Lsn;
  lastSelected: Lsn;
  flags: number;
}

/** What a selection of changes did, document by document, in bounded memory. */
export class Selection {
  readonly collections: ReadonlySet<CollectionId>;

  private constructor(
    private readonly parts: SelectionParts,
    private readonly view: View,
    private readonly touched: Scratch,
    collections: Iterable<CollectionId>,
    readonly firstLsn: Lsn,
    readonly lastLsn: Lsn,
    readonly changes: number
  ) {
    this.collections = new Set(collections);
  }

  /**
   * Of a branch's own changes, or (`inherited`) of all that its state includes.
   * @throws NOTHING_TO_DO when no change fits, BAD_REQUEST when nothing is selected by
   */
  static async find(
    parts: SelectionParts,
    view: View,
    what: UndoSelector,
    { inherited = false } = {}
  ): Promise<Selection> {
    const select = selector(parts.registry, what);
    const stretches = (inherited ? inheritedBounds(view, what) : [ownBounds(view, what)]).map(stretch =>
      insideHistory(stretch, what)
    );
    const touched = parts.scratch.make();
    const collections = new Set<CollectionId>();
    let firstLsn: Lsn | undefined;
    let lastLsn = 0 as Lsn;
    let changes = 0;
    const pace = new Pace();
    for (const { timeline, from, to } of stretches) {
      for (const { row, record } of parts.line.records(timeline, from, to)) {
        const name = rowKey(record.collection, record.key);
        const value = touched.get(name);
        const known = value === undefined ? undefined : decode(value);
        if (select(row, record.lsn)) {
          firstLsn ??= record.lsn;
          lastLsn = record.lsn;
          changes++;
          collections.add(record.collection);
          const isMixed = known !== undefined && (known.flags & FOREIGN) !== 0;
          touched.set(
            name,
            encode({
              firstPrevious: known?.firstPrevious ?? record.previous,
              lastSelected: record.lsn,
              flags: (known?.flags ?? 0) | (isMixed ? MIXED : 0)
            })
          );
        } else if (known !== undefined && (known.flags & FOREIGN) === 0) {
          touched.set(name, encode({ ...known, flags: known.flags | FOREIGN }));
        }
        if (pace.isDue || touched.isHeavy) {
          if (touched.isHeavy) {
            await touched.relieve();
          }
          await pace.rest();
        }
      }
    }
    if (firstLsn === undefined) {
      touched.close();
      throw new ArgonError(
        'NOTHING_TO_DO',
        `No change on ${view.branch ?? view.ref} fits: ${describeSelector(what)}.`
      );
    }
    return new Selection(parts, view, touched, collections, firstLsn, lastLsn, changes);
  }

  /** Documents of one collection in key order, not below `from`. */
  *documents(collection: CollectionId, from: Buffer = NOTHING): Generator<SelectedDocument> {
    const end = rowKey((collection + 1) as CollectionId, NOTHING);
    for (const { key: row, value } of this.touched.rows(rowKey(collection, from), end)) {
      const { firstPrevious, lastSelected, flags } = decode(value);
      yield { key: row.subarray(4), firstPrevious, lastSelected, isMixed: (flags & MIXED) !== 0 };
    }
  }

  /** Before the first selected change. */
  before(
    collection: CollectionId,
    { key, firstPrevious, lastSelected }: SelectedDocument
  ): Image | undefined {
    const chain = this.view.line.chain(lastSelected);
    return this.parts.versions.at(chain, collection, key, firstPrevious);
  }

  /** After the last selected change. */
  after(collection: CollectionId, { key, lastSelected }: SelectedDocument): Image | undefined {
    return this.parts.versions.at(this.view.line.chain(lastSelected), collection, key, lastSelected);
  }

  close(): void {
    this.touched.close();
  }
}

function encode({ firstPrevious, lastSelected, flags }: Touched): Buffer {
  const value = Buffer.allocUnsafe(2 * LSN_BYTES + 1);
  value.writeUIntBE(firstPrevious, 0, LSN_BYTES);
  value.writeUIntBE(lastSelected, LSN_BYTES, LSN_BYTES);
  value[2 * LSN_BYTES] = flags;
  return value;
}

function decode(value: Buffer): Touched {
  return {
    firstPrevious: value.readUIntBE(0, LSN_BYTES) as Lsn,
    lastSelected: value.readUIntBE(LSN_BYTES, LSN_BYTES) as Lsn,
    flags: value[2 * LSN_BYTES]!
  };
}

/**
 * A named range must be there, with the states around each change; else what was done before history begins cannot
 * be taken.
 * @throws HISTORY_GONE
 */
function insideHistory({ timeline, from, to }: Stretch, { range }: UndoSelector): Stretch {
  if (range !== undefined) {
    assertChangesKept(timeline, (from + 1) as Lsn, to);
  }
  return { timeline, from: Math.max(from, timeline.kept?.horizon ?? 0) as Lsn, to };
}

/** @throws BAD_REQUEST */
function checkRange(range: NonNullable<UndoSelector['range']>): void {
  const isWhole = Number.isSafeInteger(range.first) && Number.isSafeInteger(range.last);
  if (!isWhole || range.first > range.last || range.first < 1) {
    throw new ArgonError('BAD_REQUEST', `${range.first}..${range.last} is not a range of LSNs.`, {
      data: { ...range }
    });
  }
}

/** The part of the branch's own timeline to look through. */
function ownBounds(view: View, { range }: UndoSelector): Stretch {
  const timeline = view.line;
  if (range === undefined) {
    return { timeline, from: timeline.forkLsn, to: view.lsn };
  }
  checkRange(range);
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

/** The parts of the ancestry to look through, oldest first. */
function inheritedBounds(view: View, { range }: UndoSelector): Stretch[] {
  if (range !== undefined) {
    checkRange(range);
  }
  return view.chain
    .map(({ timeline, cap }) => ({
      timeline,
      from: Math.max((range?.first ?? 1) - 1, timeline.forkLsn) as Lsn,
      to: Math.min(range?.last ?? cap, cap) as Lsn
    }))
    .filter(({ from, to }) => from < to)
    .reverse();
}

function selector(registry: Registry, what: UndoSelector): (row: LineRow, lsn: Lsn) => boolean {
  const { range, cell, cellNumber, session, actor, txn } = what;
  if ([range, cell, cellNumber, session, actor, txn].every(part => part === undefined)) {
    throw new ArgonError(
      'BAD_REQUEST',
      'An undo needs a range of LSNs, a cell, a session, an actor or a transaction.'
    );
  }
  if (txn === '') {
    throw new ArgonError('BAD_REQUEST', 'No transaction has an empty name.');
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
