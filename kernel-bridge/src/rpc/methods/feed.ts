import { isArgonError, type Change as EngineChange, type FeedBatch, type FeedOptions } from '@argon/wal-core';
import { lsnOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined } from '../../defined';
import type { Change, FeedResult } from '../protocol';
import { presentChange } from '../values';

const CHANGES_USUAL = 500;
const CHANGES_MAX = 2_000;
const WAIT_MS_MAX = 30_000;

/** Changes from any LSN on. Nothing is kept between two calls: whoever reads keeps the LSN that was told last. */
export function feedMethods({ engine }: BridgeContext): Handlers<'feed'> {
  return {
    async feed({ project, after, branch, collection, limit, waitMs = 0 }, { signal }) {
      const read = async (batch: number, live: AbortSignal | undefined): Promise<FeedBatch | undefined> => {
        const options = defined<FeedOptions>({
          after: lsnOf(after),
          branch,
          collection,
          batch,
          live: live !== undefined,
          signal: live ?? signal
        });
        for await (const told of engine.feed(project, options)) {
          // What other branches or collections did is passed over, and told of by `upTo` alone.
          if (told.changes.length > 0 || live === undefined) {
            return told;
          }
        }
        return undefined;
      };
      const size = Math.max(1, pageSize(limit, CHANGES_USUAL, CHANGES_MAX));
      let first = await read(size, undefined);
      if ((first?.changes.length ?? 0) === 0 && waitMs > 0) {
        const over = AbortSignal.timeout(Math.min(waitMs, WAIT_MS_MAX));
        first = (await read(size, AbortSignal.any([signal, over])).catch(whenOver(over))) ?? first;
      }
      return fittingPage<FeedResult>(size, async most => {
        // A change may be as large as two documents: where a page does not fit, it is read again, shorter.
        const told = most === size ? first : await read(most, undefined);
        return {
          changes: (told?.changes ?? []).map(presentFed),
          upTo: told?.upTo ?? after,
          head: engine.project(project).head
        };
      });
    }
  };
}

/** The time to wait is over: there is nothing to tell, which is no error. */
function whenOver(over: AbortSignal): (error: unknown) => undefined {
  return error => {
    if (over.aborted && isArgonError(error, 'CANCELLED')) {
      return undefined;
    }
    throw error;
  };
}

function presentFed(change: EngineChange): Change {
  const { catalog, kind, txn, groupLast } = change;
  const told = defined<Change>({ ...presentChange(change), kind, txn, groupLast });
  if (catalog === undefined) {
    return told;
  }
  // What is stored of a collection is the engine's own: its name and what became of it are told.
  const { before: _, after: __, ...rest } = told;
  const name = (catalog.after ?? catalog.before)?.name ?? change.collection;
  return { ...rest, collection: name, id: name, fields: [], catalog: true };
}
