import {
  arrayOf,
  Cursor,
  documentOf,
  elements,
  field,
  isNumberType,
  nameBytes,
  T,
  values,
  type RawValue
} from '../../bson';
import type { Projection, QueryOptions } from '../api';
import { queryError } from '../error';
import { Scope, setRoot, type Frame } from '../expression';
import { compileFilter } from '../filter';
import { toNumber } from '../numeric';
import { array, object, type Value } from '../values';
import { buildTree, parseFields } from './parse';
import type { ProjectionNode } from './tree';

/**
 * Compiles a projection as `find` takes it: inclusion, exclusion, computed fields, `$slice`,
 * `$elemMatch` and the positional `$` (which needs the filter's position at `apply`).
 */
export function compileProjection(projection: Buffer, options: QueryOptions = {}): Projection {
  const scope = Scope.create(options);
  const fields = parseFields(projection, scope, 'find');
  const positional = fields.filter(f => f.kind === 'positional');
  if (positional.length > 1)
    throw queryError(31276, 'Cannot specify more than one positional projection per query.');
  const { root, mode } = buildTree(fields, (name, argument) => elemMatchExpression(name, argument, options));
  if (positional.length > 0 && mode === 'exclusion') {
    throw queryError(31395, 'positional projection cannot be used with exclusion');
  }
  const slices = fields.flatMap(f =>
    f.kind === 'slice' ? [{ path: f.path, ...sliceArguments(f.argument) }] : []
  );
  return new CompiledProjection(fields.length === 0, root, scope.frame(), slices, positional[0]?.path);
}

interface Slice {
  readonly path: readonly string[];
  readonly skip: number | undefined;
  readonly limit: number;
}

class CompiledProjection implements Projection {
  constructor(
    readonly isEmpty: boolean,
    private readonly root: ProjectionNode,
    private readonly frame: Frame,
    private readonly slices: readonly Slice[],
    private readonly positional: readonly string[] | undefined
  ) {}

  get needsPosition(): boolean {
    return this.positional !== undefined;
  }

  apply(doc: Buffer, position?: string): Buffer {
    if (this.isEmpty) return doc;
    const from = this.positional === undefined ? doc : pickPosition(doc, this.positional, 0, position);
    let out = this.root.apply(from, setRoot(this.frame, doc));
    for (const slice of this.slices) out = sliceDocument(out, slice, 0);
    return out;
  }
}

/** `{field: {$elemMatch: {…}}}`: an array with the first element that matches. */
function elemMatchExpression(
  name: string,
  argument: RawValue,
  options: QueryOptions
): { evaluate(frame: Frame): Value } {
  const filter = compileFilter(
    documentOf([{ name: 'a', type: T.OBJECT, bytes: documentOf([{ ...argument, name: '$elemMatch' }]) }]),
    options
  );
  return {
    evaluate: frame => {
      const found = frame.root && field(frame.root.bytes, name);
      if (found?.type !== T.ARRAY) return undefined;
      const { matched, position } = filter.matchWithPosition(documentOf([{ ...found, name: 'a' }]));
      if (!matched || position === undefined) return undefined;
      return array(arrayOf([values(found.bytes)[Number(position)]!]));
    }
  };
}

function sliceArguments(argument: RawValue): { skip: number | undefined; limit: number } {
  if (argument.type !== T.ARRAY) return { skip: undefined, limit: whole(argument) };
  const [skip, limit] = elements(argument.bytes).map(whole);
  if (limit! <= 0) throw queryError(28724, 'First argument to $slice must be an array, but is of type: int');
  return { skip: skip!, limit: limit! };
}

function whole(value: RawValue): number {
  if (!isNumberType(value.type)) throw queryError(28667, 'Invalid $slice syntax');
  return Math.max(-2147483648, Math.min(2147483647, Math.trunc(toNumber(value))));
}

function sliceDocument(doc: Buffer, slice: Slice, depth: number): Buffer {
  const name = nameBytes(slice.path[depth]!);
  const parts: { name: string; type: number; bytes: Buffer }[] = [];
  let changed = false;
  for (const cursor = new Cursor(doc); cursor.next();) {
    const value = cursor.named(name) ? sliceValue(cursor.value, slice, depth + 1) : cursor.value;
    changed ||= value.bytes.length !== cursor.valueEnd - cursor.valueStart;
    parts.push({ ...value, name: cursor.name });
  }
  return changed ? documentOf(parts) : doc;
}

function sliceValue(value: RawValue, slice: Slice, depth: number): RawValue {
  if (value.type === T.ARRAY) {
    const items = values(value.bytes);
    if (depth === slice.path.length) return array(arrayOf(cut(items, slice)));
    return array(
      arrayOf(
        items.map(item =>
          item.type === T.ARRAY || item.type === T.OBJECT ? sliceValue(item, slice, depth) : item
        )
      )
    );
  }
  if (value.type === T.OBJECT && depth < slice.path.length)
    return object(sliceDocument(value.bytes, slice, depth));
  return value;
}

function cut(items: RawValue[], { skip, limit }: Slice): RawValue[] {
  if (skip === undefined) return limit >= 0 ? items.slice(0, limit) : items.slice(limit);
  const start = skip >= 0 ? skip : Math.max(0, items.length + skip);
  return items.slice(start, start + limit);
}

/** Leaves of the first array on the path only the element that the filter matched. */
function pickPosition(
  doc: Buffer,
  path: readonly string[],
  depth: number,
  position: string | undefined
): Buffer {
  const name = nameBytes(path[depth]!);
  const parts: { name: string; type: number; bytes: Buffer }[] = [];
  for (const cursor = new Cursor(doc); cursor.next();) {
    let value = cursor.value;
    if (cursor.named(name)) {
      if (value.type === T.ARRAY) {
        if (position === undefined) {
          throw queryError(51246, "positional operator '.$' couldn't find a matching element in the array");
        }
        const item = values(value.bytes)[Number(position)];
        if (item === undefined) {
          throw queryError(51247, "positional operator '.$' element mismatch");
        }
        value = array(arrayOf([item]));
      } else if (value.type === T.OBJECT && depth + 1 < path.length) {
        value = object(pickPosition(value.bytes, path, depth + 1, position));
      }
    }
    parts.push({ ...value, name: cursor.name });
  }
  return documentOf(parts);
}
