import {
  arrayOf,
  documentOf,
  isNumberType,
  elements,
  encodeKey,
  nameBytes,
  T,
  TYPE_NAMES,
  values,
  type RawElement,
  type RawValue
} from '../../bson';
import { notImplemented, queryError } from '../error';
import {
  checkVariableName,
  compileExpression,
  parseFieldPath,
  setRoot,
  type Expression,
  type Scope
} from '../expression';
import { fieldOf } from '../expression/fieldpath';
import { MISSING, PathTest } from '../filter/path';
import { toNumber } from '../numeric';
import { array, int64, isNullish, NULL, object, textOf, type Value } from '../values';
import { compileStages, runStages, type CompiledStages } from './compile';
import {
  collect,
  frameOf,
  Memory,
  perBatch,
  type Batch,
  type Run,
  type Stage,
  type StageCompiler
} from './stage';
import { setAt } from './unwind';

/** Batches of another collection. */
export async function* readCollection(run: Run, name: string): AsyncIterable<Batch> {
  for await (const item of run.context.collection(name))
    yield Array.isArray(item) ? (item as Batch) : [item as Buffer];
}

export async function* nothing(): AsyncIterable<Batch> {
  // No documents.
}

/** The name of a collection in `from`. */
function collectionName(element: RawElement, stage: string): string {
  if (element.type === T.OBJECT) throw notImplemented(`${stage} from another database`);
  if (element.type !== T.STRING)
    throw queryError(9, `${stage} argument '${element.name}: ${element.type}' must be a string`);
  return textOf(element);
}

/** `$lookup` with `localField` and `foreignField`, with `let` and `pipeline`, or with all of them. */
export const lookup = (argument: RawValue, scope: Scope, name: string, leading: boolean): Stage => {
  if (argument.type !== T.OBJECT) throw queryError(9, 'the $lookup specification must be an Object');
  let from: string | undefined;
  let as: readonly string[] | undefined;
  let local: readonly string[] | undefined;
  let foreign: string | undefined;
  let lets: { name: string; expression: Expression }[] = [];
  let pipeline: RawElement | undefined;
  let hasLet = false;
  for (const element of elements(argument.bytes)) {
    switch (element.name) {
      case 'from':
        from = collectionName(element, name);
        break;
      case 'pipeline':
        if (element.type !== T.ARRAY) throw queryError(14, "'pipeline' option must be specified as an array");
        pipeline = element;
        break;
      case 'let':
        if (element.type !== T.OBJECT)
          throw queryError(9, `$lookup argument 'let: ${TYPE_NAMES[element.type]}' must be an object`);
        hasLet = true;
        lets = elements(element.bytes).map(v => ({
          name: checkVariableName(v.name),
          expression: compileExpression(v, scope)
        }));
        break;
      case 'as':
      case 'localField':
      case 'foreignField': {
        if (element.type !== T.STRING)
          throw queryError(
            9,
            `$lookup argument '${element.name}' must be a string, found ${TYPE_NAMES[element.type]}`
          );
        const parts = parseFieldPath(textOf(element));
        if (element.name === 'as') as = parts;
        else if (element.name === 'localField') local = parts;
        else foreign = textOf(element);
        break;
      }
      default:
        throw queryError(9, `unknown argument to $lookup: ${element.name}`);
    }
  }
  if (as === undefined) throw queryError(9, "must specify 'as' field for a $lookup");
  if ((local === undefined) !== (foreign === undefined)) {
    throw queryError(
      9,
      "$lookup requires both or neither of 'localField' and 'foreignField' to be specified"
    );
  }
  if (pipeline === undefined && local === undefined) {
    throw queryError(
      9,
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified"
    );
  }
  if (pipeline === undefined && hasLet) throw queryError(9, "$lookup with 'let' requires a 'pipeline'");
  const appends = leading && pipeline === undefined;
  const inner = scope.with(...lets.map(v => v.name));
  const sub = pipeline && compileStages(documentsOf(pipeline), inner.scope, 'lookup');
  if (from === undefined && !(sub?.startsItself ?? false)) {
    throw queryError(9, "must specify 'from' field for a $lookup");
  }
  const spec: Spec = { appends, from, as, local, foreign, lets, slots: inner.slots, sub };
  return {
    name,
    collections: [...(from === undefined ? [] : [from]), ...(sub?.collections ?? [])],
    async *run(source, run) {
      const join = new Join(spec, run);
      for await (const batch of source) {
        const out: Buffer[] = [];
        for (const doc of batch)
          out.push(setAt(doc, spec.as, array(arrayOf((await join.partners(doc)).map(object))), spec.appends));
        yield out;
      }
    }
  };
};

/** Stages in an array value. @throws 14 */
export function documentsOf(pipeline: RawValue): Buffer[] {
  return values(pipeline.bytes).map(stage => {
    if (stage.type !== T.OBJECT)
      throw queryError(14, "Each element of the 'pipeline' array must be an object");
    return stage.bytes;
  });
}

interface Spec {
  /** Puts the result at the end even when a field of that name is there, as mongod's newer engine does. */
  readonly appends: boolean;
  readonly from: string | undefined;
  readonly as: readonly string[];
  readonly local: readonly string[] | undefined;
  readonly foreign: string | undefined;
  readonly lets: readonly { readonly name: string; readonly expression: Expression }[];
  readonly slots: readonly number[];
  readonly sub: CompiledStages | undefined;
}

/** Finds the partners of documents; reads the other collection once and keeps it by key. */
class Join {
  private all: Promise<Buffer[]> | undefined;
  private byKey: Promise<ForeignIndex> | undefined;
  private same: Promise<Buffer[]> | undefined;
  private readonly memory: Memory;

  constructor(
    private readonly spec: Spec,
    private readonly run: Run
  ) {
    this.memory = new Memory(run, '$lookup');
  }

  async partners(doc: Buffer): Promise<readonly Buffer[]> {
    const { spec, run } = this;
    const { sub } = spec;
    if (sub === undefined) return (await this.index()).find(localValues(doc, spec.local!));
    const vars = [...run.vars];
    if (spec.lets.length > 0) {
      const frame = setRoot(frameOf(run), doc);
      spec.lets.forEach((v, i) => (vars[spec.slots[i]!] = v.expression.evaluate(frame)));
    }
    const inner: Run = { context: run.context, vars };
    if (spec.local !== undefined) {
      const found = (await this.index()).find(localValues(doc, spec.local));
      return drain(runStages(sub, one(found), inner));
    }
    // A pipeline that knows nothing of the document gives the same for all.
    if (spec.lets.length === 0) return (this.same ??= this.runSub(sub, inner));
    return this.runSub(sub, inner);
  }

  private async runSub(sub: CompiledStages, inner: Run): Promise<Buffer[]> {
    if (sub.startsItself) return drain(runStages(sub, nothing(), inner));
    return drain(runStages(sub, one(await this.documents()), inner));
  }

  private documents(): Promise<Buffer[]> {
    return (this.all ??= collect(readCollection(this.run, this.spec.from!), this.memory));
  }

  private index(): Promise<ForeignIndex> {
    return (this.byKey ??= this.documents().then(docs => new ForeignIndex(docs, this.spec.foreign!)));
  }
}

async function* one(docs: readonly Buffer[]): AsyncIterable<Batch> {
  if (docs.length > 0) yield docs;
}

async function drain(source: AsyncIterable<Batch>): Promise<Buffer[]> {
  const out: Buffer[] = [];
  for await (const batch of source) out.push(...batch);
  return out;
}

/** Documents by the values that `{field: {$eq: value}}` would match. */
export class ForeignIndex {
  private readonly byKey = new Map<string, number[]>();

  constructor(
    private readonly docs: readonly Buffer[],
    path: string,
    missingIsNull = true
  ) {
    let keys: Set<string>;
    const gather = new PathTest(path, false, (type, buf, start, end) => {
      if (type !== MISSING) keys.add(keyOf({ type, bytes: buf.subarray(start, end) }));
      else if (missingIsNull) keys.add(NULL_KEY);
      return false;
    });
    docs.forEach((doc, i) => {
      keys = new Set();
      gather.matches(doc, 0);
      for (const key of keys) {
        const list = this.byKey.get(key);
        if (list === undefined) this.byKey.set(key, [i]);
        else list.push(i);
      }
    });
  }

  find(wanted: readonly RawValue[]): Buffer[] {
    if (wanted.length === 1) return (this.byKey.get(keyOf(wanted[0]!)) ?? []).map(i => this.docs[i]!);
    const found = new Set<number>();
    for (const value of wanted) for (const i of this.byKey.get(keyOf(value)) ?? []) found.add(i);
    return [...found].sort((a, b) => a - b).map(i => this.docs[i]!);
  }
}

function keyOf(value: RawValue): string {
  return isNullish(value) ? NULL_KEY : encodeKey([value]).toString('latin1');
}

const NULL_KEY = encodeKey([NULL]).toString('latin1');

/** The values of a local field: through arrays, by position too; nothing counts as null. */
export function localValues(doc: Buffer, path: readonly string[]): RawValue[] {
  const out: RawValue[] = [];
  visit(object(doc), path, 0, out);
  return out.length === 0 ? [NULL] : out;
}

function visit(doc: RawValue, path: readonly string[], from: number, out: RawValue[]): void {
  let next: Value = fieldOf(doc, nameBytes(path[from]!));
  let i = from + 1;
  while (i < path.length && next?.type === T.ARRAY && /^\d+$/.test(path[i]!)) {
    next = values(next.bytes)[Number(path[i])];
    i++;
  }
  if (next === undefined) return;
  if (i === path.length) {
    if (next.type === T.ARRAY) out.push(...values(next.bytes));
    else out.push(next);
  } else if (next.type === T.ARRAY) {
    for (const item of values(next.bytes)) if (item.type === T.OBJECT) visit(item, path, i, out);
  } else if (next.type === T.OBJECT) {
    visit(next, path, i, out);
  }
}

/** `$unionWith: "coll"` or `{coll, pipeline}`. */
export const unionWith: StageCompiler = (argument, scope, name): Stage => {
  let from: string | undefined;
  let pipeline: RawElement | undefined;
  if (argument.type === T.STRING) from = textOf(argument);
  else if (argument.type === T.OBJECT) {
    for (const element of elements(argument.bytes)) {
      if (element.name === 'coll') {
        if (element.type !== T.STRING) throw queryError(14, "BSON field '$unionWith.coll' is the wrong type");
        from = textOf(element);
      } else if (element.name === 'pipeline') {
        if (element.type !== T.ARRAY)
          throw queryError(10065, "'pipeline' option must be specified as an array");
        pipeline = element;
      } else throw queryError(40415, `BSON field '$unionWith.${element.name}' is an unknown field.`);
    }
  } else {
    throw queryError(
      9,
      `the $unionWith stage specification must be an object or string, but found ${TYPE_NAMES[argument.type]}`
    );
  }
  const sub = pipeline && compileStages(documentsOf(pipeline), scope, 'union');
  if (from === undefined && !(sub?.startsItself ?? false)) {
    throw queryError(
      9,
      '$unionWith stage without explicit collection must have a pipeline with $documents as first stage'
    );
  }
  const coll = from;
  return {
    name,
    collections: [...(coll === undefined ? [] : [coll]), ...(sub?.collections ?? [])],
    async *run(source, run) {
      yield* source;
      const other = coll === undefined ? nothing() : readCollection(run, coll);
      yield* sub === undefined ? other : runStages(sub, other, run);
    }
  };
};

/** `$graphLookup`: everything reachable from a document by following a field, breadth first. */
export const graphLookup: StageCompiler = (argument, scope, name): Stage => {
  if (argument.type !== T.OBJECT) throw queryError(40327, '$graphLookup specification must be an object');
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
      const index = new ForeignIndex(docs, connectTo, false);
      yield* perBatch(name, () => {
        const frame = frameOf(run);
        return batch =>
          batch.map(doc => {
            const first = start.evaluate(setRoot(frame, doc));
            const begin = first === undefined ? [] : first.type === T.ARRAY ? values(first.bytes) : [first];
            const found = reach(index, begin, fromPath, most);
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
  index: ForeignIndex,
  begin: readonly RawValue[],
  path: readonly string[],
  most: number
): Map<Buffer, number> {
  const found = new Map<Buffer, number>();
  const asked = new Set<string>();
  let frontier: readonly RawValue[] = begin;
  for (let depth = 0; depth <= most && frontier.length > 0; depth++) {
    const next: RawValue[] = [];
    for (const value of frontier) {
      const key = keyOf(value);
      if (asked.has(key)) continue;
      asked.add(key);
      for (const doc of index.find([value])) {
        if (found.has(doc)) continue;
        found.set(doc, depth);
        next.push(...connected(doc, path));
      }
    }
    frontier = next;
  }
  return found;
}

function connected(doc: Buffer, path: readonly string[]): RawValue[] {
  const out: RawValue[] = [];
  visit(object(doc), path, 0, out);
  return out;
}
