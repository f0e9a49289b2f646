import {
  T,
  TYPE_NAMES,
  elements,
  values,
  type QueryOptions,
  type RawValue,
  type StageSpec
} from '@argon/wal-core';
import { Arguments, stringOf } from './arguments';
import { capOf, refuseView } from './collection-kind';
import type { CommandContext } from './context';
import { MongoError } from './errors';
import { checkWritableName } from './namespace';
import { ensureWritePlace } from './place';
import { writeTerms } from './writing/apply';
import { mergeInto, type MergeStage } from './writing/merge-into';
import { writeOut } from './writing/out';

/** Where a `$out` or `$merge` writes. */
interface Destination {
  readonly database: string;
  readonly collection: string;
}

/** Executes the last stage of a pipeline when it writes. */
export async function writeResult(
  context: CommandContext,
  stage: StageSpec,
  source: AsyncIterable<readonly Buffer[]>,
  options: QueryOptions
): Promise<void> {
  const terms = writeTerms({
    now: options.now,
    validates: !context.args.flag('bypassDocumentValidation', false)
  });
  if (stage.name === '$out') {
    const { database, collection } = readDestination(context, stage.value, '$out');
    checkWritableName(database, collection);
    const place = await ensureWritePlace(context, database);
    const info = context.services.engine.resolve(place.project, place.branch).collection(collection);
    refuseView(database, collection, info);
    if (capOf(info) !== undefined) {
      throw new MongoError(
        17152,
        `namespace '${database}.${collection}' is capped so it can't be used for $out`
      );
    }
    await writeOut(context, place, collection, source, terms);
    return;
  }
  const { destination, merge } = readMerge(context, stage.value);
  checkWritableName(destination.database, destination.collection);
  const place = await ensureWritePlace(context, destination.database);
  const { engine } = context.services;
  refuseView(
    destination.database,
    destination.collection,
    engine.resolve(place.project, place.branch).collection(destination.collection)
  );
  await mergeInto(context, place, destination.collection, merge, source, terms, options);
}

/** Checks a writing stage before anything is read. */
export function checkWriteStage(context: CommandContext, stage: StageSpec): void {
  if (context.readConcern.level === 'linearizable') {
    throw new MongoError(
      'InvalidOptions',
      `${stage.name} cannot be used with a 'linearizable' read concern level`
    );
  }
  if (stage.name === '$out') {
    readDestination(context, stage.value, '$out');
  } else {
    readMerge(context, stage.value);
  }
}

function readDestination(context: CommandContext, value: RawValue, stage: string): Destination {
  if (value.type === T.STRING) {
    return { database: context.database, collection: stringOf(value) };
  }
  if (value.type !== T.OBJECT) {
    throw new MongoError(
      16990,
      `${stage} only supports a string or object argument, but found ${TYPE_NAMES[value.type]}`
    );
  }
  const args = new Arguments(value.bytes, stage).only(['db', 'coll', 'timeseries'], undefined);
  if (args.has('timeseries')) {
    throw new MongoError('NotImplemented', `${stage} into a time series is not available in Argon yet`);
  }
  return { database: args.optionalString('db') ?? context.database, collection: args.string('coll') };
}

const MATCHED: ReadonlySet<string> = new Set(['replace', 'keepExisting', 'merge', 'fail']);
/** Modes that go together for nothing: they would write no document, or none that is there. */
const POINTLESS: ReadonlySet<string> = new Set([
  'keepExisting discard',
  'keepExisting fail',
  'fail discard',
  'fail fail'
]);
const NOT_MATCHED: ReadonlySet<string> = new Set(['insert', 'discard', 'fail']);

function readMerge(
  context: CommandContext,
  value: RawValue
): { destination: Destination; merge: MergeStage } {
  if (value.type === T.STRING) {
    return {
      destination: readDestination(context, value, '$merge'),
      merge: { on: ['_id'], whenMatched: 'merge', whenNotMatched: 'insert' }
    };
  }
  if (value.type !== T.OBJECT) {
    throw new MongoError(
      'TypeMismatch',
      `$merge requires a string or object argument, but found ${TYPE_NAMES[value.type]}`
    );
  }
  const args = new Arguments(value.bytes, '$merge').only(
    ['into', 'on', 'let', 'whenMatched', 'whenNotMatched'],
    undefined
  );
  const into = args.get('into') ?? args.missing('into');
  if (into.type !== T.STRING && into.type !== T.OBJECT) {
    throw new MongoError(
      51178,
      `$merge 'into' field must be either a string or an object, but found ${TYPE_NAMES[into.type]}`
    );
  }
  const whenMatched = readMatched(args.get('whenMatched'));
  const variables = readLet(args, whenMatched);
  const whenNotMatched = readNotMatched(args.optionalString('whenNotMatched'));
  const mode = typeof whenMatched === 'string' ? whenMatched : 'pipeline';
  if (POINTLESS.has(`${mode} ${whenNotMatched}`)) {
    throw new MongoError(
      51181,
      `Combination of $merge modes 'whenMatched: ${mode}' and 'whenNotMatched: ${whenNotMatched}' is not supported`
    );
  }
  return {
    destination: readDestination(context, into, '$merge'),
    merge: {
      ...(variables && { let: variables }),
      on: readOn(args.get('on')),
      whenMatched,
      whenNotMatched
    }
  };
}

/** `let` of a `$merge`. @throws MongoError 14, 51199, 51273 */
function readLet(args: Arguments, whenMatched: MergeStage['whenMatched']): Buffer | undefined {
  const variables = args.optionalDocument('let');
  if (variables === undefined) {
    return undefined;
  }
  if (typeof whenMatched === 'string') {
    throw new MongoError(51199, `Cannot use 'let' variables with 'whenMatched: ${whenMatched}' mode`);
  }
  const fresh = elements(variables).find(({ name }) => name === 'new');
  if (fresh !== undefined && !(fresh.type === T.STRING && stringOf(fresh) === '$$ROOT')) {
    throw new MongoError(
      51273,
      "'let' may not define a value for the reserved 'new' variable other than '$$ROOT'"
    );
  }
  return variables;
}

function readOn(value: RawValue | undefined): string[] {
  if (value === undefined) {
    return ['_id'];
  }
  if (value.type === T.STRING) {
    return [stringOf(value)];
  }
  const items = value.type === T.ARRAY ? values(value.bytes) : [];
  if (items.length === 0 || items.some(item => item.type !== T.STRING)) {
    throw new MongoError(51187, "If explicitly specifying $merge 'on', must include at least one field");
  }
  return items.map(stringOf);
}

function readMatched(value: RawValue | undefined): MergeStage['whenMatched'] {
  if (value === undefined) {
    return 'merge';
  }
  if (value.type === T.ARRAY) {
    for (const stage of values(value.bytes)) {
      const name = stage.type === T.OBJECT ? elements(stage.bytes)[0]?.name : undefined;
      if (name === undefined) {
        throw new MongoError('TypeMismatch', 'Each element of the whenMatched pipeline must be an object');
      }
    }
    return { pipeline: value };
  }
  if (value.type !== T.STRING) {
    throw new MongoError(
      51191,
      `$merge 'whenMatched' field must be either a string or an array, but found ${TYPE_NAMES[value.type]}`
    );
  }
  const mode = stringOf(value);
  if (!MATCHED.has(mode)) {
    throw new MongoError(
      'BadValue',
      `Enumeration value '${mode}' for field 'whenMatched' is not a valid value.`
    );
  }
  return mode as 'replace' | 'keepExisting' | 'merge' | 'fail';
}

function readNotMatched(mode: string | undefined): MergeStage['whenNotMatched'] {
  if (mode !== undefined && !NOT_MATCHED.has(mode)) {
    throw new MongoError(
      'BadValue',
      `Enumeration value '${mode}' for field 'whenNotMatched' is not a valid value.`
    );
  }
  return (mode ?? 'insert') as MergeStage['whenNotMatched'];
}
