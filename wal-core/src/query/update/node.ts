import { EMPTY_DOCUMENT, sameValue, type RawValue } from '../../bson';
import { queryError } from '../error';
import { show } from '../show';
import { object } from '../values';
import { ARRAY_BACKFILL_MAX, type Modifier, type ModifierContext } from './modifier';
import { arrayIndex, MutableValue } from './tree';

/** The document under change and where in it the update stands. */
export interface UpdateState {
  readonly root: MutableValue;
  /** `_id` as it must stay, when the document has one. */
  readonly id: RawValue | undefined;
  readonly context: ModifierContext;
  readonly position: string | undefined;
  readonly filters: ReadonlyMap<string, ArrayFilter>;
}

/** One of `arrayFilters`. */
export interface ArrayFilter {
  matches(element: RawValue): boolean;
}

/** A place on the way: the value there, or what is still to be created below an existing value. */
export interface Place {
  /** The deepest value that exists. */
  readonly at: MutableValue;
  /** Parts of the path below `at` that do not exist. */
  readonly missing: readonly string[];
  /** The path so far. */
  readonly path: readonly string[];
  readonly parent: MutableValue | undefined;
}

/** A step of an update: all operators together form one tree of paths, applied in path order. */
export type UpdateNode = LeafNode | RenameNode | ReservedNode | FieldNode | ArrayNode;

export class LeafNode {
  readonly kind = 'leaf';

  constructor(readonly modifier: Modifier) {}
}

/** The target of a `$rename`. */
export class RenameNode {
  readonly kind = 'rename';

  constructor(readonly from: readonly string[]) {}
}

/** The source of a `$rename`: nothing else may change it. */
export class ReservedNode {
  readonly kind = 'reserved';
}

/** Fields by name, and what `$` leads to. */
export class FieldNode {
  readonly kind = 'field';
  readonly children = new Map<string, UpdateNode>();
  positional: UpdateNode | undefined;
  private order: [string, UpdateNode][] | undefined;

  /** The children in the order they are applied; not to be asked before all are there. */
  get sorted(): readonly [string, UpdateNode][] {
    return (this.order ??= inOrder(this.children));
  }
}

/** Array elements by filter: `$[]` is the filter ''. */
export class ArrayNode {
  readonly kind = 'array';
  readonly children = new Map<string, UpdateNode>();
}

/** Order in which fields are applied, and thus created: numbers by value, other names by bytes. */
export function comparePathParts(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y) {
    const [m, n] = [BigInt(a), BigInt(b)];
    return m < n ? -1 : m > n ? 1 : 0;
  }
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Applies a tree to a place. */
export function applyNode(node: UpdateNode, place: Place, state: UpdateState): void {
  switch (node.kind) {
    case 'leaf':
      applyLeaf(node, place, state);
      return checkId(place.path, state);
    case 'rename':
      applyRename(node, place, state);
      checkId(node.from, state);
      return checkId(place.path, state);
    case 'reserved':
      return;
    case 'field':
      return applyFields(node, place, state);
    case 'array':
      return applyArray(node, place, state);
  }
}

/** @throws 66 when a change below `_id` was none that keeps it */
function checkId(path: readonly string[], { root, id }: UpdateState): void {
  if (path[0] !== '_id' || id === undefined) return;
  const now = root.child('_id')?.raw();
  if (now !== undefined && sameValue(id, now)) return;
  throw queryError(
    66,
    `Performing an update on the path '${path.join('.')}' would modify the immutable field '_id'`
  );
}

function applyFields(node: FieldNode, place: Place, state: UpdateState): void {
  for (const [name, child] of node.positional === undefined
    ? node.sorted
    : withPosition(node, place, state)) {
    // An earlier sibling may have created what was missing.
    const now = place.missing.length > 0 ? placeOf(state.root, place.path) : place;
    applyNode(child, step(now, name), state);
  }
}

/** The children with the positional one under the position that the filter found. */
function withPosition(node: FieldNode, place: Place, { position }: UpdateState): [string, UpdateNode][] {
  if (position === undefined) {
    throw queryError(2, 'The positional operator did not find the match needed from the query.');
  }
  const own = node.children.get(position);
  const there =
    own === undefined ? node.positional! : merge(own, node.positional!, [...place.path, position]);
  return inOrder(new Map(node.children).set(position, there));
}

function inOrder(children: ReadonlyMap<string, UpdateNode>): [string, UpdateNode][] {
  return [...children].sort(([a], [b]) => comparePathParts(a, b));
}

function step(place: Place, name: string): Place {
  const path = [...place.path, name];
  if (place.missing.length > 0) return { ...place, path, missing: [...place.missing, name] };
  const child = place.at.child(name);
  return child === undefined
    ? { ...place, path, missing: [name] }
    : { at: child, parent: place.at, missing: [], path };
}

function applyArray(node: ArrayNode, place: Place, state: UpdateState): void {
  const path = place.path.join('.');
  if (place.missing.length > 0) {
    throw queryError(2, `The path '${path}' must exist in the document in order to apply array updates.`);
  }
  if (!place.at.isArray) {
    throw queryError(
      2,
      `Cannot apply array updates to non-array element ${place.path.at(-1)}: ${show(place.at.raw())}`
    );
  }
  const items = place.at.items();
  // Which filters hold is decided before anything changes.
  const chosen = items.map(item => {
    const value = item.raw();
    return [...node.children]
      .filter(([id]) => id === '' || state.filters.get(id)!.matches(value))
      .map(([, child]) => child);
  });
  items.forEach((item, i) => {
    const nodes = chosen[i]!;
    if (nodes.length === 0) return;
    const itemPath = [...place.path, String(i)];
    const merged = nodes.reduce((a, b) => merge(a, b, itemPath));
    applyNode(merged, { at: item, parent: place.at, missing: [], path: itemPath }, state);
  });
}

/** Two trees over one place as one. @throws 40 when both change the same value */
function merge(a: UpdateNode, b: UpdateNode, path: readonly string[]): UpdateNode {
  if (a.kind === 'field' && b.kind === 'field') {
    const out = new FieldNode();
    for (const [name, child] of a.children) out.children.set(name, child);
    for (const [name, child] of b.children) {
      const own = out.children.get(name);
      out.children.set(name, own === undefined ? child : merge(own, child, [...path, name]));
    }
    out.positional =
      a.positional !== undefined && b.positional !== undefined
        ? merge(a.positional, b.positional, [...path, '$'])
        : (a.positional ?? b.positional);
    return out;
  }
  if (a.kind === 'array' && b.kind === 'array') {
    const out = new ArrayNode();
    for (const [id, child] of a.children) out.children.set(id, child);
    for (const [id, child] of b.children) {
      const own = out.children.get(id);
      out.children.set(id, own === undefined ? child : merge(own, child, path));
    }
    return out;
  }
  throw queryError(40, `Update created a conflict at '${path.join('.')}'`);
}

function applyLeaf(node: LeafNode, place: Place, state: UpdateState): void {
  const { modifier } = node;
  const name = place.path[place.path.length - 1]!;
  if (place.missing.length === 0) {
    if (modifier.removes) place.parent!.remove(name);
    else modifier.update(place.at, state.context, name);
    return;
  }
  if (!modifier.creates) {
    if (!modifier.removes) checkTraversable(place);
    return;
  }
  const value = modifier.create!(state.context);
  if (value === undefined) return;
  createAt(place, value);
}

/** Moves a value: sets it at the target and takes it away from the source. */
function applyRename(node: RenameNode, place: Place, state: UpdateState): void {
  const { root, context } = state;
  const source = placeOf(root, node.from);
  const from = node.from.join('.');
  if (source.missing.length > 0) {
    checkTraversable({ ...source, path: node.from });
    return;
  }
  refuseArrays(root, node.from, `source field cannot be an array element, '${from}'`, context.idElement);
  refuseArrays(
    root,
    place.path,
    `destination field cannot be an array element, '${place.path.join('.')}'`,
    context.idElement
  );
  // Nothing may be moved onto _id, not even the value it has.
  if (place.path[0] === '_id' && state.id !== undefined) {
    throw queryError(
      66,
      `Performing an update on the path '${place.path.join('.')}' would modify the immutable field '_id'`
    );
  }
  const value = source.at.raw();
  if (place.missing.length === 0) place.at.set(value);
  else createAt(place, value);
  source.parent!.remove(node.from[node.from.length - 1]!);
}

function refuseArrays(root: MutableValue, path: readonly string[], what: string, id: string): void {
  let at: MutableValue | undefined = root;
  for (const part of path.slice(0, -1)) {
    at = at.child(part);
    if (at === undefined) return;
    if (at.isArray) throw queryError(2, `The ${what} in doc with ${id} has an array field called '${part}'`);
  }
}

/** @throws 28 when the rest of the path cannot lie below what is there */
function checkTraversable({ at, missing, path }: Place): void {
  const next = missing[0]!;
  if (at.isObject || (at.isArray && arrayIndex(next) !== undefined)) return;
  const owner = path[path.length - missing.length - 1] ?? '';
  throw queryError(
    28,
    `Cannot use the part (${next}) of (${path.join('.')}) to traverse the element ({${owner}: ${show(at.raw())}})`
  );
}

/** @throws 28 when the path leads through something that cannot hold it */
function checkViable({ at, missing, path }: Place): void {
  const next = missing[0]!;
  if (at.isObject) return;
  if (at.isArray && arrayIndex(next) !== undefined) return;
  const owner = path[path.length - missing.length - 1] ?? '';
  throw queryError(28, `Cannot create field '${next}' in element {${owner}: ${show(at.raw())}}`);
}

/** Creates the missing parts as documents, the last as the value. */
export function createAt(place: Place, value: RawValue): void {
  checkViable(place);
  const { at, missing } = place;
  const first = missing[0]!;
  if (at.isArray && arrayIndex(first)! > at.size + ARRAY_BACKFILL_MAX) {
    throw queryError(34, `can't backfill more than ${ARRAY_BACKFILL_MAX} elements`);
  }
  if (missing.length === 1) {
    at.add(first, value);
    return;
  }
  let node = at.add(first, object(EMPTY_DOCUMENT));
  for (let i = 1; i < missing.length - 1; i++) node = node.add(missing[i]!, object(EMPTY_DOCUMENT));
  node.add(missing[missing.length - 1]!, value);
}

/** The place of a plain dotted path. */
export function placeOf(root: MutableValue, path: readonly string[]): Place {
  let place: Place = { at: root, parent: undefined, missing: [], path: [] };
  for (const part of path) place = step(place, part);
  return place;
}
