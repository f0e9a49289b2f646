import { elements, keyValues, nameBytes, T, TYPE_NAMES, type RawElement, type RawValue } from '../../../bson';
import { Pace } from '../../../log/pace';
import type { Sort, Sorter } from '../../api';
import { queryError } from '../../error';
import { compileExpression, parseFieldPath, setRoot, type Expression, type Frame } from '../../expression';
import { ProjectionNode } from '../../projection/tree';
import type { ValueOrder } from '../../order';
import { compileSort } from '../../sort';
import { isNullish, kept, NULL, type Value } from '../../values';
import { Scratch, gather, type DocumentList, type SpilledList } from '../gathered';
import { BATCH_DOCUMENTS, frameOf, type Batch, type Stage, type StageCompiler } from '../stage';
import { compileWindowFunction, type Partition, type WindowFunction } from './functions';
import { TakenPaths } from '../../projection/parse';

/** `$setWindowFields: {partitionBy, sortBy, output}`. */
export const setWindowFields: StageCompiler = (argument, scope, name): Stage => {
  if (argument.type !== T.OBJECT)
    throw queryError(
      9,
      `the $setWindowFields stage specification must be an object, found ${TYPE_NAMES[argument.type]}`
    );
  let partitionBy: Expression | undefined;
  let sort: Sort | undefined;
  let output: RawElement | undefined;
  for (const element of elements(argument.bytes)) {
    switch (element.name) {
      case 'partitionBy':
        partitionBy = compileExpression(element, scope);
        break;
      case 'sortBy':
        if (element.type !== T.OBJECT)
          throw queryError(14, "BSON field '$setWindowFields.sortBy' is the wrong type");
        sort = compileSort(element.bytes, scope.collation);
        break;
      case 'output':
        if (element.type !== T.OBJECT)
          throw queryError(14, "BSON field '$setWindowFields.output' is the wrong type");
        output = element;
        break;
      default:
        throw queryError(40415, `BSON field '$setWindowFields.${element.name}' is an unknown field.`);
    }
  }
  if (output === undefined)
    throw queryError(40414, "BSON field '$setWindowFields.output' is missing but a required field");
  const order = sort === undefined || sort.isEmpty ? undefined : sort;
  const taken = new TakenPaths();
  const fields = elements(output.bytes).map(element => {
    const path = parseFieldPath(element.name);
    taken.add(path);
    return { path, compute: compileWindowFunction(element, scope, order) };
  });
  return windowStage(name, scope.order, partitionBy, order, fields);
};

/** A stage that partitions, sorts and adds fields computed over each partition. */
export function windowStage(
  name: string,
  order: ValueOrder,
  partitionBy: Expression | undefined,
  sort: Sort | undefined,
  fields: readonly { readonly path: readonly string[]; readonly compute: WindowFunction }[]
): Stage {
  return {
    name,
    async *run(source, run) {
      const frame = frameOf(run);
      const pace = new Pace(run.context.signal);
      const scratch = new Scratch(run.context.spill);
      const key = partitionKey(partitionBy, frame);
      const withFields = (docs: DocumentList): AsyncIterable<Batch> =>
        computed(viewOf(docs, sort, frame), fields, pace);
      try {
        const gathered = await gather(source, run, name, scratch.forSorting, {
          entryOf: doc => {
            const by = key(doc);
            return { doc, by, keyBytes: by.bytes.length };
          },
          order: (a, b) => order.compare(a.by, b.by) || (sort?.compare(a.doc, b.doc) ?? 0)
        });
        if ('docs' in gathered) {
          for (const partition of partitionsOf(gathered.docs, order, key)) {
            if (sort !== undefined) sort.sort(partition);
            yield* withFields(partition);
          }
          return;
        }
        for await (const list of partitionsOnDisk(gathered.sorter, order, key, scratch, pace)) {
          yield* withFields(list);
          scratch.done(list);
        }
      } finally {
        scratch.close();
      }
    }
  };
}

type Field = { readonly path: readonly string[]; readonly compute: WindowFunction };

/** The documents of a partition with their new fields. */
async function* computed(view: Partition, fields: readonly Field[], pace: Pace): AsyncGenerator<Batch> {
  const columns: Value[][] = [];
  for (const { compute } of fields) {
    const column: Value[] = [];
    for (const value of compute(view)) {
      column.push(value);
      if (pace.isDue) await pace.rest();
    }
    columns.push(column);
  }
  const root = new ProjectionNode('exclusion');
  let at = 0;
  fields.forEach(({ path }, i) => root.addComputed(path, { evaluate: () => columns[i]![at] }));
  let batch: Buffer[] = [];
  for (; at < view.docs.length; at++) {
    const doc = view.docs.at(at)!;
    batch.push(root.apply(doc, setRoot(view.frame, doc)));
    if (batch.length === BATCH_DOCUMENTS) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** The value by which a document belongs to a partition. @throws 5371800 */
function partitionKey(by: Expression | undefined, frame: Frame): (doc: Buffer) => RawValue {
  if (by === undefined) return () => NULL;
  return doc => {
    const value: Value = by.evaluate(setRoot(frame, doc));
    if (value?.type === T.ARRAY)
      throw queryError(5371800, 'An expression used to partition cannot evaluate to value of type array');
    return isNullish(value) ? NULL : kept(value);
  };
}

/** Partitions as they come one behind the other out of a sort. */
async function* partitionsOnDisk(
  sorter: Sorter,
  order: ValueOrder,
  key: (doc: Buffer) => RawValue,
  scratch: Scratch,
  pace: Pace
): AsyncGenerator<SpilledList> {
  let open: SpilledList | undefined;
  let last = '';
  for (const batch of sorter.finish()) {
    for (const doc of batch) {
      const text = order.keyText(key(doc));
      if (open === undefined || text !== last) {
        if (open !== undefined) yield open;
        open = scratch.list();
        last = text;
      }
      open.push(doc);
    }
    if (pace.isDue) await pace.rest();
  }
  if (open !== undefined) yield open;
}

/** Groups documents by a value; groups come in the order of their values. */
function partitionsOf(docs: Buffer[], order: ValueOrder, keyOf: (doc: Buffer) => RawValue): Buffer[][] {
  const groups = new Map<string, { key: RawValue; docs: Buffer[] }>();
  for (const doc of docs) {
    const key = keyOf(doc);
    const text = order.keyText(key);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { key, docs: [doc] });
    else group.docs.push(doc);
  }
  return [...groups.values()].sort((a, b) => order.compare(a.key, b.key)).map(group => group.docs);
}

function viewOf(docs: DocumentList, sort: Sort | undefined, frame: Frame): Partition {
  if (sort === undefined)
    return { docs, keys: new Array<Value>(docs.length).fill(undefined), ranks: [], frame };
  const first = elements(sort.source)[0]!.name.split('.').map(nameBytes);
  const keys: Value[] = [];
  const ranks: { rank: number; dense: number }[] = [];
  for (let i = 0; i < docs.length; i++) {
    const doc = docs.at(i)!;
    const value = keyValues(doc, [first]).values[0]![0];
    keys.push(value === undefined ? undefined : kept(value));
    const before = ranks[i - 1];
    if (before !== undefined && sort.compare(docs.at(i - 1)!, doc) === 0) ranks.push(before);
    else ranks.push({ rank: i, dense: (before?.dense ?? 0) + 1 });
  }
  return { docs, keys, ranks, frame };
}
