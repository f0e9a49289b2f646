import { randomBytes } from 'node:crypto';
import { MongoError } from './errors';
import { CURSORS_MAX, CURSOR_IDLE_MS, DOCUMENT_BYTES_MAX, UNSIZED_BATCH_BYTES_MAX } from './limits';
import type { SessionKey } from './lsid';
import type { Operation } from './operation';
import { ReadAhead } from './read-ahead';

/** Batches of raw documents: what a query yields. Holds no read transaction between two batches. */
export interface DocumentSource extends AsyncIterable<readonly Buffer[]> {
  /**
   * Whether it is known, without looking further, that nothing follows the batches handed out. mongod knows it
   * after a limit or a sort, and not at the end of a scan: then a cursor stays open for one empty batch.
   */
  isAtEnd?(): boolean;
}

/** A reply's batch; a single document of 16 MB must fit beside its envelope. */
const BATCH_BYTES_MAX = DOCUMENT_BYTES_MAX;

/** Whose a cursor is: only its owner goes on with it. */
export interface CursorOwner {
  readonly connectionId: number;
  readonly session?: SessionKey;
  /** Number of the transaction it was opened in. */
  readonly transaction?: bigint;
}

/** One open result, handed out in batches of the client's size. */
export abstract class Cursor {
  usedAt = 0;
  /** In use by a getMore: neither killed for idleness nor used twice at once. */
  busy = false;
  /** Only the end of its session or connection closes it, not idleness (`noCursorTimeout`). */
  stays = false;
  /** Milliseconds left of the query's own time limit. */
  remainingMs: number | undefined;
  /** Told how many documents a further batch had. */
  onBatch: ((documents: number) => void) | undefined;
  /** Whether a getMore waits at the end for more to come. */
  readonly awaits: boolean = false;

  constructor(
    readonly id: bigint,
    readonly namespace: string,
    /** Stops the read below, whoever asks. */
    readonly operation: Operation,
    readonly owner: CursorOwner
  ) {}

  /** Up to `count` documents, at most 16 MB of them, at least one if there is one; at the end it may wait for `waitMs`. */
  abstract next(count: number, waitMs?: number): Promise<Buffer[]>;

  /** Whether it is known without looking further that nothing is left. */
  abstract get isDrained(): boolean;

  /** Lets go of what is left. */
  abstract release(): void;

  /** Raw resume token behind what was handed out, for cursors that have such a thing. */
  get resumeToken(): Buffer | undefined {
    return undefined;
  }

  close(reason: MongoError): void {
    this.operation.stop(reason);
    this.release();
  }
}

/** How many of the first documents fit into a batch of at most `count`. */
export function fittingInto(documents: readonly Buffer[], count: number): number {
  let bytes = 0;
  let fitting = 0;
  while (fitting < Math.min(count, documents.length)) {
    bytes += documents[fitting]!.length;
    if (fitting > 0 && bytes > BATCH_BYTES_MAX) {
      break;
    }
    fitting++;
  }
  return fitting;
}

/** The result of a query. */
export class OpenCursor extends Cursor {
  private readonly iterator: ReadAhead;
  private waiting: readonly Buffer[] = [];
  private position = 0;
  private drained = false;
  private isGoneOnWith = false;

  constructor(
    id: bigint,
    namespace: string,
    private readonly source: DocumentSource,
    operation: Operation,
    owner: CursorOwner
  ) {
    super(id, namespace, operation, owner);
    this.iterator = new ReadAhead(source[Symbol.asyncIterator]());
  }

  /** Until a client names a size, batches are such that it reads one while the next is made. */
  override async next(count: number): Promise<Buffer[]> {
    const bytesMax = count === Infinity ? UNSIZED_BATCH_BYTES_MAX : BATCH_BYTES_MAX;
    const batch: Buffer[] = [];
    let bytes = 0;
    while (batch.length < count) {
      const document = this.waiting[this.position];
      if (document === undefined) {
        if (!(await this.fill())) {
          break;
        }
        continue;
      }
      if (batch.length > 0 && bytes + document.length > bytesMax) {
        break;
      }
      bytes += document.length;
      batch.push(document);
      this.position++;
    }
    this.readAhead(bytes);
    return batch;
  }

  override get isDrained(): boolean {
    return this.position >= this.waiting.length && (this.drained || this.source.isAtEnd?.() === true);
  }

  override release(): void {
    this.drained = true;
    this.waiting = [];
    this.position = 0;
    this.iterator.release();
  }

  /**
   * Once a client has asked for more, it will again: as much is read ahead as it just got. Not where time is limited or
   * a transaction goes on meanwhile.
   */
  private readAhead(bytes: number): void {
    if (this.isGoneOnWith && this.remainingMs === undefined && this.owner.transaction === undefined) {
      this.iterator.start(bytes);
    }
    this.isGoneOnWith = true;
  }

  private async fill(): Promise<boolean> {
    if (this.drained) {
      return false;
    }
    const result = await this.iterator.next();
    if (result.done === true) {
      this.drained = true;
      this.waiting = [];
      this.position = 0;
      return false;
    }
    this.waiting = result.value;
    this.position = 0;
    return true;
  }
}

/** All open cursors of a server. */
export class Cursors {
  private readonly open = new Map<bigint, Cursor>();

  constructor(private readonly clock: () => number = Date.now) {}

  get size(): number {
    return this.open.size;
  }

  /** An id nobody can guess, positive, as drivers expect. */
  newId(): bigint {
    for (;;) {
      const id = randomBytes(8).readBigUInt64LE() >> 1n;
      if (id !== 0n && !this.open.has(id)) {
        return id;
      }
    }
  }

  /** Keeps a cursor for getMore. @throws MongoError when too many are open */
  keep(cursor: Cursor): void {
    if (this.open.size >= CURSORS_MAX) {
      throw new MongoError(
        'OperationFailed',
        `too many open cursors: ${this.open.size} of at most ${CURSORS_MAX}`
      );
    }
    cursor.usedAt = this.clock();
    this.open.set(cursor.id, cursor);
  }

  /** The cursor for a getMore on `namespace`. @throws MongoError 43, 13, 50738, 50739, 50740, 50741 */
  use(
    id: bigint,
    namespace: string,
    session: SessionKey | undefined,
    transaction: bigint | undefined
  ): Cursor {
    const cursor = this.open.get(id);
    if (cursor === undefined) {
      throw new MongoError('CursorNotFound', `cursor id ${id} not found`);
    }
    if (cursor.owner.session !== session) {
      throw new MongoError(
        50738,
        `Cannot run getMore on cursor ${id}, which was created in session ${cursor.owner.session ?? 'none'}, ` +
          `in session ${session ?? 'none'}`
      );
    }
    checkTransaction(cursor, transaction);
    if (cursor.namespace !== namespace) {
      throw new MongoError(
        'Unauthorized',
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`
      );
    }
    if (cursor.busy) {
      throw new MongoError('CursorInUse', `Cursor already in use (id: ${id}).`);
    }
    cursor.usedAt = this.clock();
    return cursor;
  }

  forget(cursor: Cursor): void {
    this.open.delete(cursor.id);
  }

  /** Closes one cursor; false when there is none of this id on `namespace`. */
  kill(id: bigint, namespace: string): boolean {
    const cursor = this.open.get(id);
    if (cursor === undefined || cursor.namespace !== namespace) {
      return false;
    }
    this.end(cursor, killed());
    return true;
  }

  /** Closes the cursors of a logical session that ended. */
  sessionEnded(session: SessionKey): void {
    this.killWhere(cursor => cursor.owner.session === session);
  }

  /** Closes the cursors of a transaction that was committed or aborted. */
  transactionEnded(session: SessionKey, transaction: bigint): void {
    this.killWhere(({ owner }) => owner.session === session && owner.transaction === transaction);
  }

  /** Closes the cursors only that connection could know. With a session, a driver may go on from another one. */
  connectionClosed(connectionId: number): void {
    this.killWhere(
      cursor => cursor.owner.session === undefined && cursor.owner.connectionId === connectionId
    );
  }

  /** Closes cursors nobody used for long. */
  expire(): void {
    const limit = this.clock() - CURSOR_IDLE_MS;
    this.killWhere(cursor => !cursor.busy && !cursor.stays && cursor.usedAt < limit);
  }

  killAll(reason: MongoError): void {
    for (const cursor of [...this.open.values()]) {
      this.end(cursor, reason);
    }
  }

  private killWhere(doomed: (cursor: Cursor) => boolean): void {
    for (const cursor of [...this.open.values()]) {
      if (doomed(cursor)) {
        this.end(cursor, killed());
      }
    }
  }

  private end(cursor: Cursor, reason: MongoError): void {
    this.open.delete(cursor.id);
    cursor.close(reason);
  }
}

/** A cursor is gone on with where it was opened: in its transaction, or outside of any. */
function checkTransaction({ id, owner }: Cursor, transaction: bigint | undefined): void {
  if (owner.transaction === transaction) {
    return;
  }
  const made =
    owner.transaction === undefined ? 'outside a transaction' : `in transaction ${owner.transaction}`;
  const asked = transaction === undefined ? 'outside a transaction' : `in transaction ${transaction}`;
  const code = owner.transaction === undefined ? 50739 : transaction === undefined ? 50740 : 50741;
  throw new MongoError(code, `Cannot run getMore on cursor ${id}, which was created ${made}, ${asked}`);
}

function killed(): MongoError {
  return new MongoError('CursorKilled', 'cursor was killed');
}
