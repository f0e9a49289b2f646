import { deserialize } from 'bson';
import type { Lsn } from '../../api';
import { ADA, SHOP } from '../world';
import { EXPIRING, EXPIRY_SECONDS } from './catalog';
import type { Run } from './run';
import { type State, withDocument, withTable } from './state';

/** Documents of one collection whose time is over, in the order of the index that says so. */
function overdue(state: State, collection: string, nowMs: number): string[] {
  const { indexes, documents } = state.get(collection)!;
  if (!indexes.includes(EXPIRING)) {
    return [];
  }
  return [...documents]
    .map(([key, hex]) => ({ key, at: deserialize(Buffer.from(hex, 'hex'))['at'] as unknown }))
    .filter((found): found is { key: string; at: Date } => found.at instanceof Date)
    .filter(({ at }) => at.getTime() + EXPIRY_SECONDS * 1000 <= nowMs)
    .sort((a, b) => a.at.getTime() - b.at.getTime() || (a.key < b.key ? -1 : 1))
    .map(({ key }) => key);
}

/** Removes the documents whose time is over, on every branch that takes writes: each removal has its LSN. */
export async function sweep(run: Run): Promise<boolean> {
  const { book, world } = run;
  const expected = new Map<string, string[]>();
  for (const [branch, { newest }] of book.lines) {
    for (const collection of book.protections.has(branch) ? [] : newest.keys()) {
      const keys = overdue(newest, collection, world.clock.now);
      if (keys.length > 0) {
        expected.set(JSON.stringify([branch, collection]), keys);
      }
    }
  }
  const swept = await world.engine.sweepExpired(ADA);
  const found = swept.map(
    ({ project, branch, collection, removed }) =>
      [project, JSON.stringify([branch, collection]), removed] as const
  );
  expect([...found].sort()).toEqual(
    [...expected].map(([place, keys]) => [SHOP, place, keys.length] as const).sort()
  );
  for (const { branch, collection } of swept) {
    const line = book.line(branch);
    const before = line.newest;
    const first = book.head + 1;
    for (const key of expected.get(JSON.stringify([branch, collection]))!) {
      const table = line.newest.get(collection)!;
      line.add(++book.head, withTable(line.newest, collection, withDocument(table, key, undefined)));
    }
    book.lastCommit.set(branch, { first, last: book.head, before });
    book.commits.push({ first, last: book.head, time: world.engine.timeOf(SHOP, book.head as Lsn) });
  }
  return swept.length > 0;
}
