/** What callers hand in, looked at before anything rests on it: a figure that is none, a text too long for its row. */
import type { CommitKind, Image } from '../api';
import { checkDocument } from '../bson';
import { ArgonError } from '../errors';
import { RUN_FACTS_BYTES_MAX, TXN_BYTES_MAX } from '../limits';
import { checkBytes, checkFigures } from '../log/bounds';

const KINDS: ReadonlySet<unknown> = new Set<CommitKind>([
  'writes',
  'catalog',
  'merge',
  'undo',
  'import',
  'pick',
  'restore'
]);

/** Where a page of history begins, and how much is on it. @throws BAD_REQUEST */
export function checkPage({
  before,
  after,
  limit
}: {
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
}): void {
  checkFigures({ before, after, limit: limit === Infinity ? undefined : limit });
}

/** @throws BAD_REQUEST */
export function checkKind(kind: unknown): void {
  if (kind !== undefined && !KINDS.has(kind)) {
    throw bad(`A commit is one of ${[...KINDS].join(', ')}, not ${JSON.stringify(kind)}.`, {});
  }
}

/** @throws BAD_REQUEST, LIMIT_EXCEEDED */
export function checkTxn(txn: string | undefined): void {
  if (txn !== undefined) {
    checkBytes('The name of a transaction', txn, TXN_BYTES_MAX);
  }
}

/** @throws BAD_REQUEST */
export function checkDate(name: string, date: Date | undefined): void {
  if (date !== undefined && !(date instanceof Date && Number.isFinite(date.getTime()))) {
    throw bad(`${name} is no date.`, { [name]: String(date) });
  }
}

/** @throws BAD_REQUEST, LIMIT_EXCEEDED */
export function checkFacts(facts: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(facts) as [string, unknown][]) {
    if (typeof value !== 'string') {
      throw bad(`The fact ${JSON.stringify(name)} of a run is no text.`, { fact: name });
    }
  }
  checkBytes('What is remembered of a run', JSON.stringify(facts), RUN_FACTS_BYTES_MAX);
}

/** @throws DOCUMENT_INVALID */
export function checkValue(value: Image | undefined): void {
  if (value !== undefined) {
    checkDocument(value);
  }
}

function bad(message: string, data: Readonly<Record<string, unknown>>): ArgonError {
  return new ArgonError('BAD_REQUEST', message, { data });
}
