import {
  documentOf,
  elements,
  isNumberType,
  canonicalType,
  T,
  TYPE_NAMES,
  type RawElement,
  type RawValue
} from '../../bson';
import { Pace } from '../../log/pace';
import { queryError } from '../error';
import { compileExpression, setRoot, type Expression, type Scope } from '../expression';
import { typeName } from '../expression/arithmetic';
import { toNumber } from '../numeric';
import type { ValueOrder } from '../order';
import { show } from '../show';
import { int32, kept, NULL, object, textOf } from '../values';
import { granularityOf, type Granularity } from './granularity';
import { groupField, type GroupField } from './group';
import { Scratch, gather, type DocumentList } from './gathered';
import {
  batches,
  frameOf,
  inSteps,
  Memory,
  type Batch,
  type Run,
  type Stage,
  type StageCompiler
} from './stage';

/** `{count: {$sum: 1}}`, the output of buckets when none is given. */
function defaultOutput(scope: Scope): GroupField[] {
  const sum = documentOf([{ ...int32(1), name: '$sum' }]);
  const element = elements(documentOf([{ name: 'count', type: T.OBJECT, bytes: sum }]))[0]!;
  return [groupField(element, scope)];
}

function outputFields(
  element: RawElement | undefined,
  scope: Scope,
  code: number,
  stage: string,
  leading = false
): GroupField[] {
  if (element === undefined) return defaultOutput(scope);
  if (element.type !== T.OBJECT) {
    throw queryError(
      code,
      `The ${stage} 'output' field must be an object, but found type: ${TYPE_NAMES[element.type]}`
    );
  }
  return elements(element.bytes).map(field => groupField(field, scope, leading));
}

function groupByExpression(element: RawElement, scope: Scope, code: number, stage: string): Expression {
  const isPath = element.type === T.STRING && textOf(element).startsWith('$');
  if (!isPath && element.type !== T.OBJECT) {
    throw queryError(
      code,
      `The ${stage} 'groupBy' field must be defined as a $-prefixed path or an expression, but found: ${show(element)}.`
    );
  }
  return compileExpression(element, scope);
}

function constantOf(value: RawValue, scope: Scope, code: number, message: string): RawValue {
  const expression = compileExpression(value, scope);
  if (expression.constant === undefined) throw queryError(code, message);
  return expression.constant.value ?? NULL;
}

interface Bucket {
  readonly id: RawValue;
  readonly states: ReturnType<GroupField['make']>[];
}

function bucketDocument({ id, states }: Bucket, fields: readonly GroupField[]): Buffer {
  const parts = [{ name: '_id', type: id.type, bytes: id.bytes }];
  states.forEach((state, i) => {
    const value = state.value() ?? NULL;
    parts.push({ name: fields[i]!.name, type: value.type, bytes: value.bytes });
  });
  return documentOf(parts);
}

/** `$bucket: {groupBy, boundaries, default, output}`. */
export const bucket: StageCompiler = (argument, scope, name, leading): Stage => {
  if (argument.type !== T.OBJECT)
    throw queryError(
      40201,
      `Argument to $bucket stage must be an object, but found type: ${TYPE_NAMES[argument.type]}.`
    );
  let groupBy: Expression | undefined;
  let boundaries: RawValue[] | undefined;
  let fallback: RawValue | undefined;
  let output: RawElement | undefined;
  for (const element of elements(argument.bytes)) {
    switch (element.name) {
      case 'groupBy':
        groupBy = groupByExpression(element, scope, 40202, name);
        break;
      case 'boundaries':
        boundaries = readBoundaries(element, scope);
        break;
      case 'default':
        fallback = constantOf(
          element,
          scope,
          40195,
          "The $bucket 'default' field must be a constant expression"
        );
        break;
      case 'output':
        output = element;
        break;
      default:
        throw queryError(40197, `Unrecognized option to $bucket: ${element.name}.`);
    }
  }
  if (groupBy === undefined || boundaries === undefined) {
    throw queryError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  }
  const fields = outputFields(output, scope, 40196, name, leading);
  const [by, edges, other] = [groupBy, boundaries, fallback];
  const { compare } = scope.order;
  if (other !== undefined && compare(other, edges[0]!) >= 0 && compare(other, edges[edges.length - 1]!) < 0) {
    throw queryError(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary."
    );
  }
  return {
    name,
    async *run(source, run) {
      const frame = frameOf(run);
      const found = new Map<number, Bucket>();
      const memory = new Memory(run, '$bucket');
      let held = 0;
      const add = (batch: Batch): void => {
        for (const doc of batch) {
          setRoot(frame, doc);
          const value = by.evaluate(frame) ?? NULL;
          const at = bucketIndex(value, edges, compare);
          if (at < 0 && other === undefined) {
            throw queryError(
              40066,
              '$switch could not find a matching branch for an input, and no default was specified.'
            );
          }
          let entry = found.get(at);
          if (entry === undefined) {
            entry = { id: at < 0 ? other! : edges[at]!, states: fields.map(field => field.make(frame)) };
            found.set(at, entry);
          }
          for (const state of entry.states) {
            held -= state.bytes;
            state.add(frame);
            held += state.bytes;
          }
        }
        if (memory.exceeds(held)) {
          if (run.context.spill === undefined) memory.hold(held);
          throw queryError(146, 'the values gathered for the buckets are too large to keep in memory');
        }
      };
      for await (const _ of inSteps(source, run, add));
      const sorted = [...found.values()].sort((a, b) => compare(a.id, b.id));
      yield* batches(sorted.map(entry => bucketDocument(entry, fields)));
    }
  };
};

function readBoundaries(element: RawElement, scope: Scope): RawValue[] {
  if (element.type !== T.ARRAY) {
    throw queryError(
      40200,
      `The $bucket 'boundaries' field must be an array, but found type: ${TYPE_NAMES[element.type]}.`
    );
  }
  const edges = elements(element.bytes).map(item =>
    constantOf(item, scope, 40191, "The $bucket 'boundaries' field must be an array of constant values")
  );
  if (edges.length < 2)
    throw queryError(
      40192,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${edges.length} value(s).`
    );
  for (let i = 1; i < edges.length; i++) {
    if (canonicalType(edges[i]!.type) !== canonicalType(edges[i - 1]!.type)) {
      throw queryError(
        40193,
        "All values in the the 'boundaries' option to $bucket must have the same type. " +
          `Found conflicting types ${typeName(edges[i - 1])} and ${typeName(edges[i])}.`
      );
    }
    if (scope.order.compare(edges[i - 1]!, edges[i]!) >= 0) {
      throw queryError(
        40194,
        `The 'boundaries' option to $bucket must be sorted, but elements ${i - 1} and ${i} are not in ` +
          `ascending order (${show(edges[i - 1]!)} is not less than ${show(edges[i]!)}).`
      );
    }
  }
  return edges;
}

/** The bucket a value falls into, or -1. */
function bucketIndex(value: RawValue, edges: readonly RawValue[], compare: ValueOrder['compare']): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(edges[middle]!, value) <= 0) low = middle + 1;
    else high = middle;
  }
  return low === 0 || low === edges.length ? -1 : low - 1;
}

/** `$bucketAuto: {groupBy, buckets, output}`: buckets of about the same number of documents. */
export const bucketAuto: StageCompiler = (argument, scope, name): Stage => {
  if (argument.type !== T.OBJECT)
    throw queryError(
      40240,
      `The argument to $bucketAuto must be an object, but found type: ${TYPE_NAMES[argument.type]}.`
    );
  let groupBy: Expression | undefined;
  let count: number | undefined;
  let granularity: Granularity | undefined;
  let output: RawElement | undefined;
  for (const element of elements(argument.bytes)) {
    switch (element.name) {
      case 'groupBy':
        groupBy = groupByExpression(element, scope, 40239, name);
        break;
      case 'buckets': {
        if (!isNumberType(element.type))
          throw queryError(
            40241,
            `The $bucketAuto 'buckets' field must be a numeric value, but found type: ${TYPE_NAMES[element.type]}.`
          );
        count = toNumber(element);
        if (!Number.isInteger(count))
          throw queryError(
            40242,
            "The $bucketAuto 'buckets' field must be representable as a 32-bit integer"
          );
        if (count <= 0)
          throw queryError(
            40243,
            `The $bucketAuto 'buckets' field must be greater than 0, but found: ${count}.`
          );
        break;
      }
      case 'output':
        output = element;
        break;
      case 'granularity':
        if (element.type !== T.STRING)
          throw queryError(
            40261,
            `The $bucketAuto 'granularity' field must be a string, but found type: ${TYPE_NAMES[element.type]}.`
          );
        granularity = granularityOf(textOf(element));
        break;
      default:
        throw queryError(40245, `Unrecognized option to $bucketAuto: ${element.name}.`);
    }
  }
  if (groupBy === undefined || count === undefined)
    throw queryError(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified.");
  const fields = outputFields(output, scope, 40244, name);
  const [by, wanted, rounding] = [groupBy, count, granularity];
  const { compare } = scope.order;
  return {
    name,
    async *run(source, run) {
      const frame = frameOf(run);
      const keyOf = (doc: Buffer): RawValue => kept(by.evaluate(setRoot(frame, doc)) ?? NULL);
      const scratch = new Scratch(run.context.spill);
      const pace = new Pace(run.context.signal);
      try {
        const gathered = await gather(source, run, name, scratch.forSorting, {
          entryOf: doc => {
            const key = keyOf(doc);
            return { doc, key, keyBytes: key.bytes.length };
          },
          order: (a, b) => compare(a.key, b.key)
        });
        let docs: DocumentList;
        let keyAt: (position: number) => RawValue | undefined;
        if ('docs' in gathered) {
          const keyed = gathered.docs.map(doc => ({ doc, key: keyOf(doc) }));
          keyed.sort((a, b) => compare(a.key, b.key));
          docs = keyed.map(({ doc }) => doc);
          keyAt = position => keyed[position]?.key;
        } else {
          const list = scratch.list();
          for (const batch of gathered.sorter.finish()) {
            for (const doc of batch) list.push(doc);
            if (pace.isDue) await pace.rest();
          }
          docs = list;
          keyAt = position => {
            const doc = list.at(position);
            return doc === undefined ? undefined : keyOf(doc);
          };
        }
        const held = new GatheredValues(run, name);
        const out: Buffer[] = [];
        let at = 0;
        // As MongoDB: a bucket takes its share, rounded, and then all that equal its last value.
        const share = Math.max(1, Math.round(docs.length / wanted));
        let edge: RawValue | undefined;
        while (at < docs.length) {
          const isLast = out.length === wanted - 1;
          const first = keyAt(at)!;
          const min = rounding === undefined ? first : (edge ?? rounding.down(first));
          let end = isLast ? docs.length : Math.min(docs.length, at + share);
          let max = keyAt(end - 1)!;
          if (rounding === undefined) {
            while (end < docs.length && compare(max, keyAt(end)!) === 0) end++;
            max = keyAt(end) ?? keyAt(end - 1)!;
          } else {
            // What falls below the rounded edge belongs in too; after a bucket of zeros the edge is the next one's.
            const above = rounding.up(max);
            while (end < docs.length && compare(above, keyAt(end)!) > 0) end++;
            const next = keyAt(end);
            max =
              next !== undefined && compare(keyAt(end - 1)!, int32(0)) === 0 ? rounding.down(next) : above;
          }
          const states = fields.map(field => field.make(setRoot(frame, docs.at(at)!)));
          for (let i = at; i < end; i++) {
            setRoot(frame, docs.at(i)!);
            for (const state of states) state.add(frame);
            held.check(states);
            if (pace.isDue) await pace.rest();
          }
          const id = object(
            documentOf([
              { ...min, name: 'min' },
              { ...max, name: 'max' }
            ])
          );
          out.push(bucketDocument({ id, states }, fields));
          held.keep(states);
          at = end;
          edge = max;
        }
        yield* batches(out);
      } finally {
        scratch.close();
      }
    }
  };
};

/** What the accumulators of all buckets hold. */
class GatheredValues {
  private readonly memory: Memory;
  private before = 0;

  constructor(run: Run, stage: string) {
    this.memory = new Memory(run, stage);
  }

  /** @throws 146 when those of this bucket and of the ones before are too large */
  check(states: Bucket['states']): void {
    let bytes = this.before;
    for (const state of states) bytes += state.bytes;
    if (this.memory.exceeds(bytes))
      throw queryError(146, 'the values gathered for the buckets are too large to keep in memory');
  }

  keep(states: Bucket['states']): void {
    for (const state of states) this.before += state.bytes;
  }
}
