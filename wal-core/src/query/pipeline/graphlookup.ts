import {
  arrayOf,
  documentOf,
  elements,
  field,
  isNumberType,
  T,
  TYPE_NAMES,
  values,
  type RawElement,
  type RawValue
} from '../../bson';
import { queryError } from '../error';
import { compileExpression, parseFieldPath, setRoot } from '../expression';
import { toNumber } from '../numeric';
import type { Filter } from '../api';
import { SIMPLE_ORDER, type ValueOrder } from '../order';
import { array, int64, object, textOf } from '../values';
import { readCollection } from './collections';
import { compileStages, runStages } from './compile';
import { keyOf, matchedKeys, ValueIndex, valuesAlong } from './join';
import { filterFor, isTooMuch } from './lookupjoin';
import { collect, frameOf, Memory, type Batch, type Stage, type StageCompiler } from './stage';
import { setAt } from './unwind';

/** `$graphLookup`: everything reachable from a document by following a field, breadth first. */
export const graphLookup: StageCompiler = (argument, scope, name): Stage => {
  if (argument.type !== T.OBJECT)
    throw queryError(
      9,
      `the $graphLookup stage specification must be an object, but found ${TYPE_NAMES[argument.type]}`
    );
  const args = new Map<string, RawElement>();
  for (const element of elements(argument.bytes)) {
    const known = [
      'from',
      'startWith',
      'connectFromField',
      'connectToField',
      'as',
      'maxDepth',
      'depthField',
      'restrictSearchWithMatch'
    ];
    if (!known.includes(element.name))
      throw queryError(40104, `Unknown argument to $graphLookup: ${element.name}`);
    args.set(element.name, element);
  }
  const textArgument = (key: string): string | undefined => {
    const element = args.get(key);
    if (element === undefined) return undefined;
    if (element.type !== T.STRING)
      throw queryError(
        key === 'from' ? 9 : 40103,
        `expected string as argument for ${key}, found: ${TYPE_NAMES[element.type]}`
      );
    return textOf(element);
  };
  const [from, connectFrom, connectTo, as, depthField] = [
    'from',
    'connectFromField',
    'connectToField',
    'as',
    'depthField'
  ].map(textArgument);
  if (
    !args.has('startWith') ||
    from === undefined ||
    connectFrom === undefined ||
    connectTo === undefined ||
    as === undefined
  ) {
    throw queryError(
      40105,
      "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified."
    );
  }
  parseFieldPath(connectTo);
  const { order } = scope;
  const start = compileExpression(args.get('startWith')!, scope);
  const most = maxDepth(args.get('maxDepth'));
  const restrict = args.get('restrictSearchWithMatch');
  if (restrict !== undefined && restrict.type !== T.OBJECT)
    throw queryError(40185, 'restrictSearchWithMatch must be an object');
  const sub = restrict && compileStages([matchStage(restrict)], scope, 'lookup');
  const [fromPath, asPath, depthPath] = [
    parseFieldPath(connectFrom),
    parseFieldPath(as),
    depthField === undefined ? undefined : parseFieldPath(depthField)
  ];
  return {
    name,
    collections: [from],
    async *run(source, run) {
      const read = (filter?: Filter): AsyncIterable<Batch> => {
        const some = readCollection(run, from, filter);
        const other = filter === undefined ? some : matching(some, filter);
        return sub ? runStages(sub, other, run) : other;
      };
      const indexOf = async (docs: AsyncIterable<Batch>): Promise<ValueIndex> =>
        new ValueIndex(
          await collect(docs, new Memory(run, name)),
          order,
          matchedKeys(connectTo, order, false)
        );
      // The other collection is read once and kept by key; one that is too large for that, once for each depth.
      let whole: ValueIndex | undefined;
      try {
        whole = await indexOf(read());
      } catch (error) {
        if (!isTooMuch(error)) throw error;
      }
      const neighbours: Neighbours =
        whole !== undefined
          ? asked => asked.map(value => whole.find([value]))
          : async asked => {
              const isPlain = asked.every(({ type }) => type !== T.REGEX && type !== T.UNDEFINED);
              try {
                const some = await indexOf(read(isPlain ? filterFor(connectTo, asked, order) : undefined));
                return asked.map(value => some.find([value]));
              } catch (error) {
                throw isTooMuch(error) ? tooMuch() : error;
              }
            };
      const frame = frameOf(run);
      for await (const batch of source) {
        const out: Buffer[] = [];
        for (const doc of batch) {
          const first = start.evaluate(setRoot(frame, doc));
          const begin = first === undefined ? [] : first.type === T.ARRAY ? values(first.bytes) : [first];
          const found = await reach(neighbours, begin, fromPath, most, order, new Memory(run, name));
          const items = found.map(([d, depth]) =>
            object(depthPath ? setAt(d, depthPath, depthValue(depth)) : d)
          );
          out.push(setAt(doc, asPath, array(arrayOf(items))));
        }
        yield out;
      }
    }
  };
};

/** By what a document is known again; one of a view may have no `_id`. */
function idText(doc: Buffer): string {
  const id = field(doc, '_id');
  return id === undefined ? doc.toString('latin1') : SIMPLE_ORDER.keyText(id);
}

function depthValue(depth: number): RawValue {
  return int64(BigInt(depth));
}

function matchStage(filter: RawValue): Buffer {
  return documentOf([{ name: '$match', type: filter.type, bytes: filter.bytes }]);
}

function maxDepth(element: RawElement | undefined): number {
  if (element === undefined) return Infinity;
  if (!isNumberType(element.type))
    throw queryError(40100, `maxDepth must be numeric, found type: ${TYPE_NAMES[element.type]}`);
  const n = toNumber(element);
  if (n < 0) throw queryError(40101, `maxDepth requires a nonnegative argument, found: ${n}`);
  if (!Number.isInteger(n)) throw queryError(40102, `maxDepth could not be represented as a long long: ${n}`);
  return n;
}

/** What a collection gave for a filter may be more. */
async function* matching(source: AsyncIterable<Batch>, filter: Filter): AsyncIterable<Batch> {
  for await (const batch of source) yield batch.filter(doc => filter.matches(doc));
}

/** The documents that have each of some values where they are connected. */
type Neighbours = (
  values: readonly RawValue[]
) => readonly (readonly Buffer[])[] | Promise<readonly (readonly Buffer[])[]>;

function tooMuch(): Error {
  return queryError(40099, '$graphLookup reached maximum memory consumption');
}

/** Documents reached, each once, with the depth at which it was first met. @throws 40099 when they have no room */
async function reach(
  neighbours: Neighbours,
  begin: readonly RawValue[],
  path: readonly string[],
  most: number,
  order: ValueOrder,
  memory: Memory
): Promise<(readonly [Buffer, number])[]> {
  const found = new Map<string, readonly [Buffer, number]>();
  let bytes = 0;
  const asked = new Set<string>();
  let frontier: readonly RawValue[] = begin;
  for (let depth = 0; depth <= most && frontier.length > 0; depth++) {
    const next: RawValue[] = [];
    const asks: RawValue[] = [];
    for (const value of frontier) {
      const key = keyOf(value, order);
      if (asked.has(key)) continue;
      asked.add(key);
      asks.push(value);
    }
    if (asks.length === 0) break;
    for (const docs of await neighbours(asks)) {
      for (const doc of docs) {
        const id = idText(doc);
        if (found.has(id)) continue;
        found.set(id, [doc, depth]);
        bytes += doc.length + id.length + 64;
        if (memory.exceeds(bytes)) throw tooMuch();
        next.push(...valuesAlong(doc, path));
      }
    }
    frontier = next;
  }
  return [...found.values()];
}
