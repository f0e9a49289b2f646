import { type ClientSession, type Collection, MongoError } from 'mongodb';
import type { AppendTransaction } from '../../wal-core/src/laws/history/appends';
import type { Clients } from './clients';

interface List {
  _id: string;
  values: number[];
}

/** Transactions of a history, by what their clients were told. */
export interface AppendHistory {
  readonly committed: readonly AppendTransaction[];
  /** No answer came to their commit. */
  readonly unsure: readonly AppendTransaction[];
}

/** Clients that append numbers to lists in transactions and read other lists in them. */
export async function appendHistory(clients: Clients, lists: readonly string[]): Promise<AppendHistory> {
  const committed: AppendTransaction[] = [];
  const unsure: AppendTransaction[] = [];
  let next = 0;
  await clients.each<List>(async (collection, _, below, client) => {
    const id = next++;
    const reads = new Map<string, readonly number[]>();
    const appends = new Map<string, number>();
    const steps = Array.from({ length: 1 + below(4) }, () => ({
      list: lists[below(lists.length)]!,
      appends: below(2) === 0
    }));
    await client.withSession(async session => {
      session.startTransaction();
      try {
        for (const step of steps) {
          await run(collection, session, step, { id, reads, appends });
        }
      } catch (error) {
        assertDriverError(error);
        // It failed before its commit was asked for: it has done nothing, and the driver may say so in vain.
        await session.abortTransaction().catch(assertDriverError);
        return;
      }
      const outcome = await session.commitTransaction().then(() => committed, commitOutcome(unsure));
      outcome?.push({ id, reads, appends });
    });
  });
  return { committed, unsure };
}

async function run(
  collection: Collection<List>,
  session: ClientSession,
  step: { readonly list: string; readonly appends: boolean },
  { id, reads, appends }: { id: number; reads: Map<string, readonly number[]>; appends: Map<string, number> }
): Promise<void> {
  const found = await collection.findOne({ _id: step.list }, { session });
  const values = found?.values ?? [];
  const own = appends.get(step.list);
  if (own === undefined) {
    const before = reads.get(step.list);
    expect(before ?? values).toEqual(values);
    reads.set(step.list, values);
  } else {
    expect(values).toEqual([...(reads.get(step.list) ?? []), own]);
  }
  if (step.appends && own === undefined) {
    await collection.updateOne({ _id: step.list }, { $push: { values: id } }, { session, upsert: true });
    appends.set(step.list, id);
  }
}

/** Where a transaction belongs whose commit failed; nowhere when it was refused. */
function commitOutcome(unsure: AppendTransaction[]): (error: unknown) => AppendTransaction[] | undefined {
  return error => {
    assertDriverError(error);
    return error.hasErrorLabel('TransientTransactionError') ? undefined : unsure;
  };
}

function assertDriverError(error: unknown): asserts error is MongoError {
  if (!(error instanceof MongoError)) {
    throw error;
  }
}
