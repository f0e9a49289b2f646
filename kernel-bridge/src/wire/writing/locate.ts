import {
  docKeyOf,
  isArgonError,
  type Commit,
  type DocKey,
  type WriteOptions,
  type Writer
} from '@argon/wal-core';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { UPDATE_ATTEMPTS_MAX } from '../limits';
import type { WritePlace } from '../place';
import { choosePlan } from '../plan';
import { QueryRun } from '../query';
import { applyByKey, applyTo, insertUpserted, type Effect, type WriteClock } from './apply';
import type { Statement } from './statement';

/** Result of a statement about one document, with the commit that made it durable. */
export interface Located {
  readonly effect: Effect;
  readonly commit: Commit | undefined;
}

/** A query run over the newest state of a branch, for the documents a statement is about. */
export function runStatement(
  context: CommandContext,
  place: WritePlace,
  name: string,
  statement: Statement
): QueryRun {
  const snapshot = context.services.engine.resolve(place.project, place.branch);
  const collection = snapshot.collection(name);
  const { filter, sort, hint } = statement;
  const query = { filter, sort, projection: undefined, skip: 0, limit: 1 };
  return new QueryRun(
    snapshot,
    collection,
    choosePlan(collection, filter, sort, hint),
    query,
    context.operation
  );
}

/**
 * Applies a statement to one document: finds it in a snapshot, then looks at it again inside the write.
 * When another writer changed it in between so that it does not match any more, the search starts anew.
 * `settle` is told the effect before the frame is made.
 */
export async function applyToOne(
  context: CommandContext,
  place: WritePlace,
  name: string,
  statement: Statement,
  clock: WriteClock,
  options: WriteOptions,
  settle: (effect: Effect) => void
): Promise<Located> {
  const write = async (change: (writer: Writer) => Effect): Promise<Located> => {
    const { engine } = context.services;
    const { result, commit } = await engine.write(
      place.project,
      place.branch,
      context.origin,
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
    return write(writer => applyByKey(writer, name, statement, clock));
  }
  for (let attempt = 0; attempt < UPDATE_ATTEMPTS_MAX; attempt++) {
    context.operation.check();
    const key = await locate(context, place, name, statement);
    if (key === undefined) {
      if (!statement.upsert) {
        return { effect: { kind: 'none' }, commit: undefined };
      }
      try {
        return await write(writer => insertUpserted(writer, name, statement, clock));
      } catch (error) {
        // Another upsert may have been first: then its document matches now.
        if (
          !isArgonError(error, 'DUPLICATE_KEY') ||
          (await locate(context, place, name, statement)) === undefined
        ) {
          throw error;
        }
        continue;
      }
    }
    const located = await write(writer => {
      const collection = writer.collection(name);
      return collection === undefined ? { kind: 'none' } : applyTo(writer, collection, key, statement, clock);
    });
    if (located.effect.kind !== 'none') {
      return located;
    }
  }
  throw new MongoError(
    'WriteConflict',
    `the document kept changing while it was updated (${UPDATE_ATTEMPTS_MAX} attempts)`
  );
}

/** Key of the document a statement means: the first that matches, in its sort order. */
async function locate(
  context: CommandContext,
  place: WritePlace,
  name: string,
  statement: Statement
): Promise<DocKey | undefined> {
  for await (const [image] of runStatement(context, place, name, statement).documents()) {
    if (image !== undefined) {
      return docKeyOf(image);
    }
  }
  return undefined;
}
