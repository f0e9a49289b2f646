import type { ControlRecord } from '../log/frame';
import { TABLE } from '../store/keys';

/** A remembered reply's key, taken apart: `<owner>/<turn>/<statement>`. */
function partsOf(key: string): { owner: string; turn: string } {
  const statementAt = key.lastIndexOf('/');
  const turnAt = key.lastIndexOf('/', statementAt - 1);
  return { owner: key.slice(0, turnAt), turn: key.slice(turnAt + 1, statementAt) };
}

/** Turns that are numbers grow; of others the one that sorts last is taken for the newest. */
function isNewer(turn: string, known: string): boolean {
  const [a, b] = [Number(turn), Number(known)];
  return Number.isNaN(a) || Number.isNaN(b) ? turn > known : a > b;
}

/**
 * Which replies of retryable writes are remembered. An owner (a driver's session) retries only its
 * newest turn (transaction number), so a new turn forgets the ones before: the table holds a few
 * rows per session, however much is written.
 */
export class RetryTable {
  private readonly owners = new Map<string, { turn: string; keys: string[] }>();

  /** Of these keys, all that are remembered. */
  static load(names: Iterable<string>): RetryTable {
    const table = new RetryTable();
    for (const name of names) {
      // A log that was collected may bring a forgotten reply back; its row is overlooked.
      const { owner, turn } = partsOf(name);
      const known = table.owners.get(owner);
      if (known === undefined || known.turn === turn || isNewer(turn, known.turn)) {
        table.note(name);
      }
    }
    return table;
  }

  /** Whether a reply is of its owner's newest turn: no other is remembered. */
  isCurrent(key: string): boolean {
    const { owner, turn } = partsOf(key);
    return this.owners.get(owner)?.turn === turn;
  }

  private note(key: string): readonly string[] {
    const { owner, turn } = partsOf(key);
    const known = this.owners.get(owner);
    if (known?.turn === turn) {
      known.keys.push(key);
      return [];
    }
    this.owners.set(owner, { turn, keys: [key] });
    return known?.keys ?? [];
  }

  /** Owners and their newest turns. */
  *turns(): Generator<{ readonly owner: string; readonly turn: string }> {
    for (const [owner, { turn }] of this.owners) {
      yield { owner, turn };
    }
  }

  /** Forgets an owner; the rows that say so. */
  forget(owner: string): ControlRecord[] {
    const keys = this.owners.get(owner)?.keys ?? [];
    this.owners.delete(owner);
    return keys.map(key => ({ table: TABLE.retry, scope: 0, key: Buffer.from(key), value: undefined }));
  }

  /** The rows for a frame that remembers `reply` under `key`. */
  rows(key: string, reply: Buffer): ControlRecord[] {
    const forgotten = this.note(key).map(old => ({
      table: TABLE.retry,
      scope: 0,
      key: Buffer.from(old),
      value: undefined
    }));
    return [{ table: TABLE.retry, scope: 0, key: Buffer.from(key), value: reply }, ...forgotten];
  }
}
