import { elements, isNumberType, T, type RawElement, type RawValue } from '../../bson';
import { queryError } from '../error';
import {
  compileExpression,
  constant,
  parseFieldPath,
  type Expression,
  type Scope,
  isDollarField,
  isOperatorName
} from '../expression';
import { isTrue, startsWithDollar, textOf } from '../values';
import { ProjectionNode, type ProjectionMode } from './tree';

/** One field of a projection, after nested documents have been written out as dotted paths. */
export type ProjectionField =
  | { readonly kind: 'include' | 'exclude'; readonly path: readonly string[] }
  /** A nested document `{a: {b: 1}}`, ahead of what it holds. */
  | { readonly kind: 'group'; readonly path: readonly string[] }
  | {
      readonly kind: 'computed';
      readonly path: readonly string[];
      readonly expression: Expression;
      readonly plain?: boolean;
    }
  /** find only */
  | { readonly kind: 'elemMatch'; readonly path: readonly string[]; readonly argument: RawElement }
  | { readonly kind: 'slice'; readonly path: readonly string[]; readonly argument: RawElement }
  | { readonly kind: 'positional'; readonly path: readonly string[] };

/** Whether fields may use what only `find` knows: `$slice` on arrays, `$elemMatch`, positional `$`. */
export type Dialect = 'find' | 'aggregate';

/** Takes a projection apart. @throws as MongoDB for malformed paths and values */
export function parseFields(doc: Buffer, scope: Scope, dialect: Dialect): ProjectionField[] {
  const out: ProjectionField[] = [];
  parseInto(out, doc, [], scope, dialect);
  return out;
}

function parseInto(
  out: ProjectionField[],
  doc: Buffer,
  prefix: readonly string[],
  scope: Scope,
  dialect: Dialect
): void {
  for (const element of elements(doc)) {
    const { name } = element;
    if (dialect === 'find' && name.endsWith('.$')) {
      if (prefix.length > 0) throw queryError(31271, 'positional projection may not be nested');
      const path = parseFieldPath(name.slice(0, -2));
      if (isFlag(element) && !isTrue(element))
        throw queryError(31395, 'positional projection cannot be used with exclusion');
      out.push({ kind: 'positional', path });
      continue;
    }
    if (dialect === 'find' && name.includes('.$.')) {
      throw queryError(
        31394,
        "As of 4.4, it's illegal to specify positional operator in the middle of a path." +
          'Positional projection may only be used at the end, for example: a.b.$. If the query previously used a form ' +
          "like a.b.$.d, remove the parts following the '$' and the results will be equivalent."
      );
    }
    const path = [...prefix, ...parseFieldPath(name)];
    if (isFlag(element)) out.push({ kind: isTrue(element) ? 'include' : 'exclude', path });
    else if (element.type === T.OBJECT) parseObject(out, element, path, scope, dialect);
    else out.push({ kind: 'computed', path, expression: computedLeaf(element, scope), plain: true });
  }
}

function isFlag(value: RawValue): boolean {
  return value.type === T.BOOL || isNumberType(value.type);
}

function computedLeaf(value: RawValue, scope: Scope): Expression {
  return value.type === T.STRING && !textOf(value).startsWith('$')
    ? constant(value)
    : compileExpression(value, scope);
}

function parseObject(
  out: ProjectionField[],
  element: RawElement,
  path: readonly string[],
  scope: Scope,
  dialect: Dialect
): void {
  const inner = elements(element.bytes);
  const first = inner[0];
  if (first === undefined) {
    throw queryError(51270, 'An empty sub-projection is not a valid value. Found empty object at path');
  }
  if (!startsWithDollar(element.bytes) || isDollarField(first.name)) {
    out.push({ kind: 'group', path });
    parseInto(out, element.bytes, path, scope, dialect);
    return;
  }
  if (inner.length > 1) {
    throw queryError(
      16410,
      "FieldPath field names may not start with '$'. Consider using $getField or $setField."
    );
  }
  if (dialect === 'find' && first.name === '$elemMatch') {
    if (first.type !== T.OBJECT)
      throw queryError(31274, `elemMatch: Invalid argument, object required, but got ${first.type}`);
    if (path.length > 1) throw queryError(31275, 'Cannot use $elemMatch projection on a nested field');
    out.push({ kind: 'elemMatch', path, argument: first });
  } else if (dialect === 'find' && first.name === '$slice' && isFindSlice(first)) {
    out.push({ kind: 'slice', path, argument: first });
  } else if (first.name === '$meta') {
    throw queryError(238, '$meta is not implemented');
  } else {
    if (!isOperatorName(first.name)) throw queryError(31325, `Unknown expression ${first.name}`);
    out.push({ kind: 'computed', path, expression: compileExpression(element, scope) });
  }
}

/** `{$slice: n}` and `{$slice: [skip, n]}`; with an array first it is the expression. */
function isFindSlice(argument: RawElement): boolean {
  if (argument.type !== T.ARRAY) return isNumberType(argument.type);
  const items = elements(argument.bytes);
  return items.length === 2 && items.every(item => isNumberType(item.type));
}

/** A tree for an inclusion or exclusion, with its mode. */
export interface BuiltProjection {
  readonly root: ProjectionNode;
  readonly mode: ProjectionMode;
}

/** Decides between inclusion and exclusion and builds the tree. @throws 31249, 31250, 31252, 31253, 31254 */
export function buildTree(
  fields: readonly ProjectionField[],
  elemMatch?: (name: string, argument: RawElement) => Expression
): BuiltProjection {
  const mode = decideMode(fields);
  const root = new ProjectionNode(mode);
  for (const field of fields) {
    if (field.kind === 'computed') root.addComputed(field.path, field.expression);
    else if (field.kind === 'elemMatch')
      root.addComputed(field.path, elemMatch!(field.path[0]!, field.argument));
    else if (field.kind === 'group') continue;
    else if (mode === 'inclusion' ? field.kind !== 'exclude' : field.kind === 'exclude')
      root.addPath(field.path);
  }
  if (mode === 'inclusion' && !fields.some(field => field.path[0] === '_id')) root.addPath(['_id']);
  return { root, mode };
}

/** `$slice` and `$elemMatch` go with either mode; `_id` may be left out of an inclusion. */
function decideMode(fields: readonly ProjectionField[]): ProjectionMode {
  const taken = new TakenPaths();
  let mode: ProjectionMode | undefined;
  for (const field of fields) {
    const { kind, path } = field;
    const name = path.join('.');
    const isId = name === '_id';
    if (kind === 'computed' && !field.plain && mode === 'exclusion') {
      throw queryError(31252, 'Cannot use expression other than $meta in exclusion projection');
    }
    try {
      if (kind === 'group') taken.check(path, false);
      else taken.add(path);
    } catch (error) {
      // A $slice that does not fit is tried again as an expression, which fails in its own way.
      if (kind === 'slice' && mode !== 'exclusion' && field.argument.type !== T.ARRAY) {
        throw queryError(28667, 'Invalid $slice syntax');
      }
      if (kind === 'slice' && mode === 'exclusion') throw queryError(31252, 'Invalid $slice syntax');
      throw error;
    }
    if (kind === 'slice' || kind === 'elemMatch' || kind === 'group') continue;
    if (kind === 'exclude') {
      if (isId) continue;
      if (mode === 'inclusion') {
        throw queryError(31254, `Cannot do exclusion on field ${name} in inclusion projection`);
      }
      mode = 'exclusion';
    } else {
      if (isId && kind === 'include') continue;
      if (mode === 'exclusion') {
        if (kind === 'computed')
          throw queryError(31310, `Cannot use an expression ${name} in an exclusion projection`);
        throw queryError(31253, `Cannot do inclusion on field ${name} in exclusion projection`);
      }
      mode = 'inclusion';
    }
  }
  if (mode !== undefined) return mode;
  if (fields.some(f => f.kind === 'slice') && !fields.some(f => f.kind === 'include')) return 'exclusion';
  return fields.some(f => f.kind === 'include' || f.kind === 'elemMatch') ? 'inclusion' : 'exclusion';
}

/** Paths named so far; one may neither repeat nor lead into another. */
export class TakenPaths {
  private readonly seen = new Set<string>();
  private readonly inner = new Set<string>();

  /** @throws 31250, 31249 */
  add(path: readonly string[]): void {
    this.check(path);
    for (let i = 1; i < path.length; i++) this.inner.add(path.slice(0, i).join('.'));
    this.seen.add(path.join('.'));
  }

  /** @throws 31249, 31250 */
  check(path: readonly string[], whole = true): void {
    const full = path.join('.');
    for (let i = 1; i < path.length; i++) {
      const part = path.slice(0, i).join('.');
      if (this.seen.has(part)) {
        throw queryError(31249, `Path collision at ${full} remaining portion ${path.slice(i).join('.')}`);
      }
    }
    if (this.seen.has(full) || (whole && this.inner.has(full)))
      throw queryError(31250, `Path collision at ${full}`);
  }
}
