import { T, TYPE_NAMES, elements, field, type RawValue } from '@argon/wal-core';
import { MongoError } from './errors';
import { SESSIONS_MAX, SESSION_IDLE_MINUTES } from './limits';

/** A driver's logical session, by the hex of its UUID. */
export type SessionKey = string;

interface Known {
  usedAt: number;
  txnNumber: bigint;
  /** What the newest number was used for. */
  did: 'retryable write' | 'transaction';
}

const UUID_BYTES = 16;
const LSID_FIELDS: ReadonlySet<string> = new Set(['id', 'uid', 'txnNumber', 'txnUUID']);

/** The logical sessions drivers opened: they order retryable writes and own cursors. */
export class LogicalSessions {
  // A Map keeps the order of insertion: the least recently used session is first.
  private readonly known = new Map<SessionKey, Known>();

  constructor(private readonly clock: () => number = Date.now) {}

  get size(): number {
    return this.known.size;
  }

  /** Marks a session as used now; an unknown one begins. */
  touch(key: SessionKey): void {
    this.use(key);
  }

  /** Notes a retryable write or a transaction. @throws MongoError 225 when the session has gone on to a newer one */
  begin(key: SessionKey, txnNumber: bigint, what: 'retryable write' | 'transaction'): void {
    const session = this.goOn(key, txnNumber, what);
    session.txnNumber = txnNumber;
    session.did = what;
  }

  /** Goes on with a transaction. @throws MongoError 225 when the session has gone on to a newer number */
  goOn(key: SessionKey, txnNumber: bigint, what: 'retryable write' | 'transaction'): Known {
    const session = this.use(key);
    if (txnNumber < session.txnNumber) {
      const tried =
        what === 'transaction'
          ? `Cannot start transaction ${txnNumber} on session ${key}`
          : `Retryable write with txnNumber ${txnNumber} is prohibited on session ${key}`;
      throw new MongoError(
        'TransactionTooOld',
        `${tried} because a newer ${session.did} with txnNumber ${session.txnNumber} has already started on this session.`
      );
    }
    return session;
  }

  /** All sessions with the time of their last use. */
  all(): { key: SessionKey; usedAt: number }[] {
    return [...this.known].map(([key, { usedAt }]) => ({ key, usedAt }));
  }

  end(key: SessionKey): void {
    this.known.delete(key);
  }

  /** Forgets sessions that were not used for long; returns their keys. */
  expire(): SessionKey[] {
    const limit = this.clock() - SESSION_IDLE_MINUTES * 60_000;
    const gone: SessionKey[] = [];
    for (const [key, session] of this.known) {
      if (session.usedAt > limit && this.known.size <= SESSIONS_MAX) {
        break;
      }
      this.known.delete(key);
      gone.push(key);
    }
    return gone;
  }

  private use(key: SessionKey): Known {
    const session = this.known.get(key) ?? { usedAt: 0, txnNumber: -1n, did: 'retryable write' };
    session.usedAt = this.clock();
    this.known.delete(key);
    this.known.set(key, session);
    return session;
  }
}

/** Key of a raw `lsid`, `{id: UUID}`. @throws MongoError 14, 207, 40414, 40415 */
export function sessionKey(lsid: Buffer): SessionKey {
  const id = field(lsid, 'id');
  const strange = elements(lsid).find(({ name }) => !LSID_FIELDS.has(name));
  if (strange !== undefined) {
    throw new MongoError(
      40415,
      `BSON field 'OperationSessionInfo.lsid.${strange.name}' is an unknown field.`
    );
  }
  if (id === undefined) {
    throw new MongoError(40414, "BSON field 'OperationSessionInfo.lsid.id' is missing but a required field");
  }
  if (id.type !== T.BINARY) {
    throw new MongoError(
      'TypeMismatch',
      `BSON field 'OperationSessionInfo.lsid.id' is the wrong type '${TYPE_NAMES[id.type] ?? id.type}', expected type 'binData'`
    );
  }
  if (id.bytes.length !== 5 + UUID_BYTES || id.bytes[4] !== 4) {
    throw new MongoError('InvalidUUID', 'lsid.id must be a UUID (binary subtype 4, 16 bytes)');
  }
  return id.bytes.toString('hex', 5);
}

/** Keys of an array of lsids (`endSessions`). */
export function sessionKeys(array: readonly RawValue[], command: string): SessionKey[] {
  return array.map((value, index) => {
    if (value.type !== T.OBJECT) {
      throw new MongoError('TypeMismatch', `BSON field '${command}.${index}' must be an object`);
    }
    return sessionKey(value.bytes);
  });
}
