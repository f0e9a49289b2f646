import { T, field, type Commit, type Image, type Projection, type RawValue } from '@argon/wal-core';
import { HINT } from '../argument-types';
import type { Arguments } from '../arguments';
import { DocumentBuilder } from '../builder';
import { withCap } from '../capped/keeper';
import { refuseView } from '../collection-kind';
import { projectionOf, queryOptions, sortOf } from '../compile';
import { noteCommit, type CommandContext } from '../context';
import { MongoError, inContext } from '../errors';
import { checkWritableName } from '../namespace';
import { ensureWritePlace, headOf, writePlace } from '../place';
import { emptyReply } from '../reply';
import { retryKey, statementId, type Remembering } from '../retry';
import type { Command } from '../registry';
import { writeTerms, type Effect, type WriteTerms } from '../writing/apply';
import { noteWrite } from '../writing/batch-result';
import { statementFailure } from '../writing/failure';
import { applyToOne, type Located } from '../writing/locate';
import { emptySlice, readCommit, writeCommit } from '../writing/slice';
import { compileStatement, type Statement } from '../writing/statement';
import { collectionNameOf } from './collection-name';
import { arrayFiltersOf } from './update';
import { addCommit, addWriteConcernError } from './write-reply';

/** What the reply is made of; remembered for a retry. */
interface Modified {
  /** Raw `lastErrorObject`. */
  readonly last: Buffer;
  /** The document to show; undefined: null. */
  readonly value: Image | undefined;
  readonly commit: Commit | undefined;
  readonly effect: Effect['kind'];
}

const MODIFIED: Remembering<Modified> = {
  encode: ({ last, value, effect }, commit) => {
    const builder = new DocumentBuilder(256).document('last', last).string('effect', effect);
    if (value !== undefined) {
      builder.document('value', value);
    }
    return writeCommit(builder, commit).finish();
  },
  decode: image => ({
    last: field(image, 'last')!.bytes,
    value: field(image, 'value')?.bytes,
    commit: readCommit(image),
    effect: 'none'
  })
};

export const findAndModify: Command = {
  name: 'findAndModify',
  aliases: ['findandmodify'],
  fields: [
    'query',
    'sort',
    'remove',
    'update',
    'new',
    'fields',
    'upsert',
    'bypassDocumentValidation',
    'collation',
    'arrayFilters',
    'hint',
    'let'
  ],
  types: { hint: HINT },
  retryable: true,
  writes: true,
  transaction: 'runs',
  run: async context => {
    const { args } = context;
    const collection = collectionNameOf(context);
    checkWritableName(context.database, collection);
    const form = readForm(args);
    const terms = writeTerms({ validates: !args.flag('bypassDocumentValidation', false) });
    const existing = writePlace(context);
    const info =
      existing === undefined ? undefined : (await headOf(context, existing)).collection(collection);
    refuseView(context.database, collection, info);
    const options = queryOptions(args, terms.now, info);
    const projection = projectionOf(args.optionalDocument('fields'), options);
    if (form.showNew && projection?.needsPosition === true) {
      throw new MongoError('BadValue', 'cannot use a positional projection and return the new document');
    }
    const statement = compileStatement({
      index: 0,
      filter: args.optionalDocument('query') ?? Buffer.from([5, 0, 0, 0, 0]),
      ...(form.update === undefined ? {} : { update: form.update }),
      ...(form.arrayFilters === undefined ? {} : { arrayFilters: form.arrayFilters }),
      upsert: form.upsert,
      sort: sortOf(args.optionalDocument('sort'), options),
      hint: args.get('hint'),
      options
    });
    if (existing !== undefined && info !== undefined && statement.key !== undefined) {
      context.services.usage.useIndex(existing.project, info);
    }
    const place = statement.upsert ? await ensureWritePlace(context) : existing;
    if (place === undefined) {
      return answer(shape({ kind: 'none' }, statement, form.showNew, projection), context, false);
    }
    try {
      const { result, retried } = await context.services.retries.once(
        retryKey(context.retry, 0),
        MODIFIED,
        async (writeOptions, settle) => {
          let shown: Modified | undefined;
          const apply = (held: WriteTerms): Promise<Located> =>
            applyToOne(context, place, collection, statement, held, writeOptions, effect => {
              // The projection runs before the frame is made: when it fails, nothing is written.
              shown = shape(effect, statement, form.showNew, projection);
              settle(shown);
            });
          const { commit } = statement.upsert
            ? await withCap(context, place, collection, cap => apply({ ...terms, ...(cap && { cap }) }))
            : await apply(terms);
          return { ...(shown ?? shape({ kind: 'none' }, statement, form.showNew, projection)), commit };
        }
      );
      noteCommit(context, result.commit);
      if (!retried) {
        note(context, collection, result);
      }
      return answer(result, context, retried);
    } catch (error) {
      const failure = statementFailure(context.operation.explain(error), `${context.database}.${collection}`);
      throw inContext(failure, 'Plan executor error during findAndModify');
    }
  }
};

interface Form {
  readonly update: RawValue | undefined;
  readonly arrayFilters: Buffer[] | undefined;
  readonly upsert: boolean;
  readonly showNew: boolean;
}

/** Which of its forms the command has. @throws MongoError 9 */
function readForm(args: Arguments): Form {
  const remove = args.flag('remove', false);
  const showNew = args.flag('new', false);
  const upsert = args.flag('upsert', false);
  const update = args.get('update');
  const arrayFilters = arrayFiltersOf(args);
  if (remove) {
    if (update !== undefined) {
      throw new MongoError('FailedToParse', 'Cannot specify both an update and remove=true');
    }
    if (upsert) {
      throw new MongoError('FailedToParse', 'Cannot specify both upsert=true and remove=true ');
    }
    if (showNew) {
      throw new MongoError(
        'FailedToParse',
        "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document"
      );
    }
    if (arrayFilters !== undefined) {
      throw new MongoError('FailedToParse', 'Cannot specify arrayFilters and remove=true');
    }
  } else if (update === undefined) {
    throw new MongoError('FailedToParse', 'Either an update or remove=true must be specified');
  } else if (update.type !== T.OBJECT && update.type !== T.ARRAY) {
    throw new MongoError('FailedToParse', 'Update argument must be either an object or an array');
  }
  return { update, arrayFilters, upsert, showNew };
}

/** Makes the answer of an effect. */
function shape(
  effect: Effect,
  statement: Statement,
  showNew: boolean,
  projection: Projection | undefined
): Modified {
  const last = new DocumentBuilder(96);
  const show = (image: Image): Image => project(image, statement, projection);
  switch (effect.kind) {
    case 'none':
      last.int32('n', 0);
      if (statement.update !== undefined) {
        last.bool('updatedExisting', false);
      }
      return { last: last.finish(), value: undefined, commit: undefined, effect: 'none' };
    case 'removed':
      return {
        last: last.int32('n', 1).finish(),
        value: show(effect.before),
        commit: undefined,
        effect: 'removed'
      };
    case 'updated':
      last.int32('n', 1).bool('updatedExisting', true);
      return {
        last: last.finish(),
        value: show(showNew ? effect.after : effect.before),
        commit: undefined,
        effect: effect.changed ? 'updated' : 'none'
      };
    case 'upserted':
      last.int32('n', 1).bool('updatedExisting', false).raw('upserted', effect.id);
      return {
        last: last.finish(),
        value: showNew ? show(effect.after) : undefined,
        commit: undefined,
        effect: 'upserted'
      };
  }
}

function project(image: Image, { filter }: Statement, projection: Projection | undefined): Image {
  if (projection === undefined) {
    return image;
  }
  const { position } = projection.needsPosition ? filter.matchWithPosition(image) : { position: undefined };
  return projection.apply(image, position);
}

function note(context: CommandContext, collection: string, { effect, commit }: Modified): void {
  noteWrite(context, collection, {
    ...emptySlice(),
    commit,
    inserts: effect === 'upserted' ? 1 : 0,
    updates: effect === 'updated' ? 1 : 0,
    deletes: effect === 'removed' ? 1 : 0
  });
}

function answer(
  { last, value, commit }: Modified,
  context: CommandContext,
  retried: boolean
): DocumentBuilder {
  const reply = emptyReply().document('lastErrorObject', last);
  if (value === undefined) {
    reply.value('value', null);
  } else {
    reply.document('value', value);
  }
  if (retried && context.retry !== undefined) {
    reply.int32('retriedStmtId', statementId(context.retry, 0));
  }
  return addWriteConcernError(addCommit(reply, commit), context.args);
}
