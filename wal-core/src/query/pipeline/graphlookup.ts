import {
  arrayOf,
  documentOf,
  elements,
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
import type { ValueOrder } from '../order';
import { array, int64, object, textOf } from '../values';
import { readCollection } from './collections';
import { compileStages, runStages } from './compile';
import { keyOf, matchedKeys, ValueIndex, valuesAlong } from './join';
import { collect, frameOf, Memory, perBatch, type Stage, type StageCompiler } from './stage';
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
      const memory = new Memory(run, '$graphLookup');
      const other = readCollection(run, from);
      const docs = await collect(sub ? runStages(sub, other, run) : other, memory);
      const index = new ValueIndex(docs, order, matchedKeys(connectTo, order, false));
      yield* perBatch(name, () => {
        const frame = frameOf(run);
        return batch =>
          batch.map(doc => {
            const first = start.evaluate(setRoot(frame, doc));
            const begin = first === undefined ? [] : first.type === T.ARRAY ? values(first.bytes) : [first];
            const found = reach(index, begin, fromPath, most, order);
            const items = [...found].map(([d, depth]) =>
              object(depthPath ? setAt(d, depthPath, depthValue(depth)) : d)
            );
            return setAt(doc, asPath, array(arrayOf(items)));
          });
      }).run(source, run);
    }
  };
};

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

/** Documents reached, with the depth at which each was first met. */
function reach(
  index: ValueIndex,
  begin: readonly RawValue[],
  path: readonly string[],
  most: number,
  order: ValueOrder
): Map<Buffer, number> {
  const found = new Map<Buffer, number>();
  const asked = new Set<string>();
  let frontier: readonly RawValue[] = begin;
  for (let depth = 0; depth <= most && frontier.length > 0; depth++) {
    const next: RawValue[] = [];
    for (const value of frontier) {
      const key = keyOf(value, order);
      if (asked.has(key)) continue;
      asked.add(key);
      for (const doc of index.find([value])) {
        if (found.has(doc)) continue;
        found.set(doc, depth);
        next.push(...valuesAlong(doc, path));
      }
    }
    frontier = next;
  }
  return found;
}
