import type { Lsn, TimelineId } from '../api';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { ArgonError, isArgonError } from '../errors';
import type { ImageKeeper } from '../image/keeper';
import { APPLY_DELAY_MS, APPLY_FULL_DELAY_MS, APPLY_LOAD_RECORDS_MAX, APPLY_RECORDS_MAX } from '../limits';
import type { FileLog } from '../log/file/log';
import { type ChangeSection, decodePart } from '../log/frame';
import { nextTurn } from '../log/pace';
import { CATALOG } from '../read/catalog';
import type { Unapplied } from '../read/unapplied';
import { metaKey, TABLE } from '../store/keys';
import { Backlog } from './backlog';
import { BroughtIndexes, type BroughtIndexesParts } from './broughtindexes';
import { type AppliedFrame, type Piece, piecesOf, type PlacedSection, recordsOf } from './pieces';
import { BatchRows, type BatchRowsParts } from './rows';

export interface ApplierParts extends BatchRowsParts, BroughtIndexesParts {
  readonly log: Pick<FileLog, 'readFrame'>;
  readonly registry: Registry;
  readonly unapplied: Unapplied;
  /** Told of every record that is in the state now, before readers look for it there. */
  readonly keeper: Pick<ImageKeeper, 'applied'>;
}

/**
 * Brings durable frames into the state, a little later than their acknowledgement: in log order,
 * in transactions of at most `APPLY_LOAD_RECORDS_MAX` records in key order, the `applied` marker with the
 * last piece of each frame. Applying a frame twice gives the same state.
 *
 * A transaction costs as much as the flush of a commit, and dirties pages for each record: frames
 * are left to gather until there are enough for one, or somebody waits, or for a moment at most.
 */
export class Applier {
  private readonly backlog = new Backlog<AppliedFrame>();
  /** Records of the frames in the backlog that are not taken yet. */
  private records = 0;
  private working: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failure: Error | undefined;
  private isStopped = false;
  /** Ends the wait for room on the disk. */
  private goOn: () => void = () => undefined;
  /** The last batch ended before a frame that may not share its transaction: that has waited long enough. */
  private isCut = false;
  /** Children that the state has changes of. */
  private readonly started = new Set<TimelineId>();
  private readonly brought: BroughtIndexes;

  constructor(
    private readonly parts: ApplierParts,
    private readonly onFailure: (error: unknown) => void
  ) {
    this.brought = new BroughtIndexes(parts);
  }

  add(frame: AppliedFrame): void {
    if (this.failure !== undefined) {
      // Going on would leave a gap in the state, behind a marker that says there is none.
      frame.failed?.(this.failure);
      return;
    }
    this.backlog.push(frame);
    this.records += recordsOf(frame);
    if (frame.isAwaited === true || this.records >= APPLY_RECORDS_MAX) {
      this.start();
    } else if (this.working === undefined) {
      this.timer ??= setTimeout(() => this.start(), APPLY_DELAY_MS);
    }
  }

  /** Resolves when everything added so far is in the state. */
  caughtUp(): Promise<void> {
    if (this.failure !== undefined) {
      return Promise.reject(this.failure);
    }
    this.start();
    return this.backlog.settled();
  }

  /** Drops what is not begun, and resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.backlog.clear();
    this.records = 0;
    this.goOn();
    await this.working;
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.backlog.length > 0) {
      this.working ??= nextTurn().then(() => this.work());
    }
  }

  private async work(): Promise<void> {
    let frames: readonly AppliedFrame[] = [];
    try {
      for (let isDue = true; isDue && this.backlog.length > 0;) {
        frames = this.nextBatch();
        await this.apply(frames);
        this.backlog.finish(frames.length);
        isDue = this.backlog.isAwaited || this.records >= APPLY_RECORDS_MAX || this.isCut;
        if (isDue) {
          // What follows a transaction has taken its part of this turn; to make the rows of the next takes milliseconds.
          await nextTurn();
        }
      }
    } catch (error) {
      if (this.isStopped) {
        return;
      }
      const failure = notApplied(error);
      this.failure = failure;
      for (const frame of [...frames, ...this.backlog.fail(failure)]) {
        frame.failed?.(failure);
      }
      this.onFailure(failure);
    } finally {
      this.working = undefined;
    }
    if (this.backlog.length > 0 && !this.isStopped) {
      this.timer ??= setTimeout(() => this.start(), APPLY_DELAY_MS);
    }
  }

  /** The next frames: several small ones, or one that takes more than one transaction. */
  private nextBatch(): readonly AppliedFrame[] {
    const { backlog } = this;
    let count = 0;
    let records = 0;
    this.isCut = false;
    for (let next = backlog.at(0); next !== undefined; next = backlog.at(count)) {
      const size = recordsOf(next);
      const isAlone = this.isAlone(next);
      if (count > 0 && (records + size > APPLY_LOAD_RECORDS_MAX || isAlone || this.startsTimeline(next))) {
        this.isCut = true;
        break;
      }
      count++;
      records += size;
      if (isAlone) {
        break;
      }
    }
    this.records -= records;
    return backlog.take(count);
  }

  /** Whether a frame cannot share a transaction with others. */
  private isAlone({ frame, hasCatalog }: AppliedFrame): boolean {
    return (
      frame.groups.length > 0 ||
      (hasCatalog &&
        frame.changes.some(section => this.brought.of(this.timeline(section.timeline), section).size > 0))
    );
  }

  private async apply(frames: readonly AppliedFrame[]): Promise<void> {
    const pieces = frames.flatMap(frame => this.piecesOf(frame));
    const records = pieces.reduce((sum, { start, end }) => sum + end - start, 0);
    if (records <= APPLY_LOAD_RECORDS_MAX && !frames.some(frame => this.isAlone(frame))) {
      await this.write(pieces, frames);
    } else {
      await this.writeOneByOne(pieces);
      for (const frame of frames) {
        await this.writeGroups(frame);
      }
      await this.write([], frames);
    }
    for (const frame of frames) {
      frame.applied?.();
    }
  }

  private async writeOneByOne(pieces: readonly Piece[]): Promise<void> {
    for (const piece of pieces) {
      await this.write([piece], []);
      await this.brought.fill(piece);
    }
  }

  /**
   * Brings the parts of a large commit into the state, one after another. Nobody reads from its first LSN on before
   * all of it is there.
   */
  private async writeGroups({ frame, ordinals }: AppliedFrame): Promise<void> {
    for (const [at, group] of frame.groups.entries()) {
      const timeline = this.timeline(group.timeline);
      if (timeline === undefined) {
        continue;
      }
      let position = 0;
      for (const part of group.parts) {
        const section = decodePart(this.parts.log.readFrame(part), group, position);
        const ordinal = ordinals[frame.changes.length + at]! + position;
        const hasCatalog = this.announce(timeline, section);
        const placed = { section, timeline, place: part, time: frame.time, ordinal };
        await this.writeOneByOne(this.cut(placed, hasCatalog));
        position += part.count;
      }
    }
  }

  /** What a part changes stands in front of the state while its pieces go into it. True when the catalog changes. */
  private announce(timeline: Timeline, { firstLsn, records }: ChangeSection): boolean {
    const { unapplied, catalogs } = this.parts;
    let hasCatalog = false;
    records.forEach((record, i) => {
      const lsn = (firstLsn + i) as Lsn;
      if (record.isGone === true) {
        return;
      }
      unapplied.add(timeline.id, record.collection, record, { lsn, image: record.image });
      if (record.collection === CATALOG) {
        catalogs.changed(timeline, lsn);
        hasCatalog = true;
      }
    });
    return hasCatalog;
  }

  /**
   * Whether a frame has the first changes of a child. Its counts begin with its parent's at the fork,
   * so what the parent wrote before must be in the state.
   */
  private startsTimeline({ frame: { changes, groups } }: AppliedFrame): boolean {
    return (
      changes.some(section => this.isFirstOf(section)) || groups.some(section => this.isFirstOf(section))
    );
  }

  private isFirstOf({ timeline: id }: { readonly timeline: TimelineId }): boolean {
    if (this.timeline(id)?.parent === undefined || this.started.has(id)) {
      return false;
    }
    const isStarted = this.parts.store.get('meta', metaKey(TABLE.timelineStat, id)) !== undefined;
    if (isStarted) {
      this.started.add(id);
    }
    return !isStarted;
  }

  private piecesOf({ frame, place, ordinals, hasCatalog, forgotten }: AppliedFrame): Piece[] {
    return frame.changes.flatMap((section, i) => {
      const timeline = this.timeline(section.timeline);
      if (timeline === undefined) {
        this.forget(section);
        return [];
      }
      const isForgotten = forgotten?.has(i) === true;
      const placed = { section, timeline, place, time: frame.time, ordinal: ordinals[i]!, isForgotten };
      return this.cut(placed, hasCatalog);
    });
  }

  /** Cut also behind each record that brings an index. */
  private cut(placed: PlacedSection, hasCatalog: boolean): Piece[] {
    const cuts = hasCatalog ? this.brought.of(placed.timeline, placed.section) : undefined;
    return piecesOf(placed, record => cuts?.has(record) === true);
  }

  /** The project of a section was deleted while it waited: nothing of it goes into the state. */
  private forget({ timeline, firstLsn, records }: ChangeSection): void {
    records.forEach((record, i) => {
      this.parts.unapplied.applied(timeline, record.collection, record, (firstLsn + i) as Lsn);
    });
  }

  private timeline(id: TimelineId): Timeline | undefined {
    return this.parts.registry.timeline(id);
  }

  /**
   * Brings rows into the state. While the disk has no room for them they wait, and so does what follows: the log has
   * them, and they stand in front of the state. Who waits for the state is told so.
   */
  private async writeWhenRoom(pieces: readonly Piece[], finished: readonly AppliedFrame[]): Promise<void> {
    for (;;) {
      try {
        return await this.writeRows(pieces, finished);
      } catch (error) {
        if (!isArgonError(error, 'DISK_FULL') || this.isStopped) {
          throw error;
        }
        this.backlog.refuse(error);
      }
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, APPLY_FULL_DELAY_MS);
        this.goOn = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Begins a transaction. The rows are not held until it is committed. */
  private writeRows(pieces: readonly Piece[], finished: readonly AppliedFrame[]): Promise<void> {
    const rows = new BatchRows(this.parts);
    for (const piece of pieces) {
      rows.addPiece(piece);
    }
    rows.addFrames(finished);
    return this.parts.store.write(rows.puts());
  }

  private async write(pieces: readonly Piece[], finished: readonly AppliedFrame[]): Promise<void> {
    const { unapplied, keeper } = this.parts;
    await this.writeWhenRoom(pieces, finished);
    for (const { placed, start, end } of pieces) {
      const { section, timeline } = placed;
      for (let i = start; i < end; i++) {
        const record = section.records[i]!;
        const lsn = (section.firstLsn + i) as Lsn;
        if (record.isGone === true) {
          continue;
        }
        keeper.applied(timeline, record, lsn);
        unapplied.applied(timeline.id, record.collection, record, lsn);
      }
    }
  }
}

/** What is on disk did not reach the state: it is there after a restart. */
function notApplied(cause: unknown): ArgonError {
  return cause instanceof ArgonError
    ? cause
    : new ArgonError(
        'LOG_FAILED',
        'Applying the log to the state failed; no more writes are taken until a restart.',
        { cause }
      );
}
