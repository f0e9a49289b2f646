import { elements, keyValues, nameBytes, T, TYPE_NAMES, type RawElement, type RawValue } from '../../../bson';
import type { Sort } from '../../api';
import { queryError } from '../../error';
import { compileExpression, parseFieldPath, setRoot, type Expression, type Frame } from '../../expression';
import { ProjectionNode } from '../../projection/tree';
import type { ValueOrder } from '../../order';
import { compileSort } from '../../sort';
import { isNullish, NULL, type Value } from '../../values';
import { batches, collect, frameOf, Memory, type Stage, type StageCompiler } from '../stage';
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
      const docs = await collect(source, new Memory(run, name));
      for (const partition of partitionsOf(docs, order, partitionBy, frame)) {
        if (sort !== undefined) sort.sort(partition);
        const view = viewOf(partition, sort, frame);
        const columns = fields.map(field => field.compute(view));
        const root = new ProjectionNode('exclusion');
        let at = 0;
        fields.forEach(({ path }, i) => root.addComputed(path, { evaluate: () => columns[i]![at] }));
        const out = partition.map((doc, i) => {
          at = i;
          return root.apply(doc, setRoot(frame, doc));
        });
        yield* batches(out);
      }
    }
  };
}

/** Groups documents by a value; groups come in the order of their values. */
function partitionsOf(
  docs: Buffer[],
  order: ValueOrder,
  by: Expression | undefined,
  frame: Frame
): Buffer[][] {
  if (by === undefined) return docs.length === 0 ? [] : [docs];
  const groups = new Map<string, { key: RawValue; docs: Buffer[] }>();
  for (const doc of docs) {
    const value: Value = by.evaluate(setRoot(frame, doc));
    if (value?.type === T.ARRAY)
      throw queryError(5371800, 'An expression used to partition cannot evaluate to value of type array');
    const key = isNullish(value) ? NULL : value;
    const text = order.keyText(key);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { key, docs: [doc] });
    else group.docs.push(doc);
  }
  return [...groups.values()].sort((a, b) => order.compare(a.key, b.key)).map(group => group.docs);
}

function viewOf(docs: readonly Buffer[], sort: Sort | undefined, frame: Frame): Partition {
  if (sort === undefined) return { docs, keys: docs.map(() => undefined), ranks: [], frame };
  const first = elements(sort.source)[0]!.name.split('.').map(nameBytes);
  const keys = docs.map(doc => keyValues(doc, [first]).values[0]![0]);
  const ranks: { rank: number; dense: number }[] = [];
  docs.forEach((doc, i) => {
    const before = ranks[i - 1];
    if (before !== undefined && sort.compare(docs[i - 1]!, doc) === 0) ranks.push(before);
    else ranks.push({ rank: i, dense: (before?.dense ?? 0) + 1 });
  });
  return { docs, keys, ranks, frame };
}
