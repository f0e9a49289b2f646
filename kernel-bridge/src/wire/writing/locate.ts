import { setTimeout as sleep } from 'node:timers/promises';
import {
  docKeyOf,
  elements,
  isArgonError,
  type ArgonError,
  type Commit,
  type DocKey,
  type Snapshot,
  type WriteOptions,
  type Writer
} from '@argon/wal-core';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { UPDATE_ATTEMPTS_MAX } from '../limits';
import { headOf, type WritePlace } from '../place';
import { planRead } from '../open-run';
import { QueryRun } from '../query';
import { applyByKey, applyTo, insertUpserted, type Effect, type WriteTerms } from './apply';
import { commitChange } from './commit';
import type { Statement } from './statement';

/** Result of a statement about one document, with the commit that made it durable. */
export interface Located {
  readonly effect: Effect;
  readonly commit: Commit | undefined;
}

/** A query over the newest durable state of a branch, for the documents a statement is about. */
export async function runStatement(
  context: CommandContext,
  place: WritePlace,
  name: string,
  statement: Statement
): Promise<QueryRun> {
  const snapshot = await headOf(context, place);
  return runOn(context, snapshot, name, statement, Infinity);
}

function runOn(
  context: CommandContext,
  snapshot: Snapshot,
  name: string,
  { filter, sort, hint }: Statement,
  limit: number
): QueryRun {
  const collection = snapshot.collection(name);
  const query = { filter, sort, projection: undefined, skip: 0, limit };
  return new QueryRun(
    snapshot,
    collection,
    planRead(context, snapshot, collection, query, hint),
    query,
    context.operation
  );
}

/**
 * Applies a statement to one document: finds candidates in a snapshot, then looks at each again inside the write, where
 * everything staged before is seen. One that another writer took in between is passed over for the next; when all
 * were taken, the search starts anew on a newer state. `settle` is told the effect before the frame is made.
 */
export async function applyToOne(
  context: CommandContext,
  place: WritePlace,
  name: string,
  statement: Statement,
  terms: WriteTerms,
  options: WriteOptions,
  settle: (effect: Effect) => void
): Promise<Located> {
  const write = async (change: (writer: Writer) => Effect): Promise<Located> => {
    const { result, commit } = await commitChange(
      context,
      place,
      writer => {
        const effect = change(writer);
        settle(effect);
        return effect;
      },
      options
    );
    return { effect: result, commit };
  };
  if (statement.key !== undefined) {
    return write(writer => applyByKey(writer, name, statement, terms));
  }
  for (let attempt = 1; attempt <= UPDATE_ATTEMPTS_MAX; attempt++) {
    context.operation.check();
    let candidates = 0;
    for await (const key of candidateKeys(context, place, name, statement)) {
      candidates++;
      const located = await write(writer => {
        const collection = writer.collection(name);
        return collection === undefined
          ? { kind: 'none' }
          : applyTo(writer, collection, key, statement, terms);
      });
      if (located.effect.kind !== 'none') {
        return located;
      }
    }
    if (candidates === 0) {
      const upserted = statement.upsert ? await tryUpsert(write, name, statement, terms) : NOTHING;
      if (upserted !== undefined) {
        return upserted;
      }
    }
    // What took the candidates is about to be on disk; then a new snapshot shows it.
    await sleep(Math.min(attempt, BACK_OFF_MS_MAX));
  }
  throw new MongoError(
    'WriteConflict',
    `the document kept changing while it was updated (${UPDATE_ATTEMPTS_MAX} attempts)`
  );
}

const NOTHING: Located = { effect: { kind: 'none' }, commit: undefined };
const BACK_OFF_MS_MAX = 50;

/** Inserts; undefined when another upsert was first, so that its document has to be looked for. */
async function tryUpsert(
  write: (change: (writer: Writer) => Effect) => Promise<Located>,
  name: string,
  statement: Statement,
  terms: WriteTerms
): Promise<Located | undefined> {
  try {
    return await write(writer => insertUpserted(writer, name, statement, terms));
  } catch (error) {
    if (isArgonError(error, 'DUPLICATE_KEY') && isKeyOf(error, statement)) {
      return undefined;
    }
    throw error;
  }
}

/** Whether the filter asks for exactly the key that is taken: then the document that has it is the one meant. */
function isKeyOf(error: ArgonError, { filter }: Statement): boolean {
  const paths = Object.keys(error.data['keyPattern'] ?? {});
  const asked = new Set(filter.equalities().map(({ path }) => path));
  return elements(filter.source).length === paths.length && paths.every(path => asked.has(path));
}

/** Candidates asked for at first, and by how much more each time they were all taken. */
const CANDIDATES_FIRST = 1;
const CANDIDATES_GROWTH = 16;

/** Keys of documents a statement may mean in one state, the best first. */
async function* candidateKeys(
  context: CommandContext,
  place: WritePlace,
  name: string,
  statement: Statement
): AsyncGenerator<DocKey> {
  const snapshot = await headOf(context, place);
  let given = 0;
  for (let limit = CANDIDATES_FIRST; ; limit *= CANDIDATES_GROWTH) {
    let at = 0;
    for await (const batch of runOn(context, snapshot, name, statement, limit).documents()) {
      for (const image of batch) {
        if (at++ >= given) {
          given++;
          yield docKeyOf(image);
        }
      }
    }
    if (at < limit) {
      return;
    }
  }
}
