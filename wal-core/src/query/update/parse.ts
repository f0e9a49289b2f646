import { documentOf, elements, T, TYPE_NAMES, type RawElement } from '../../bson';
import { isArgonError } from '../../errors';
import type { Filter, UpdateOptions } from '../api';
import { queryError } from '../error';
import type { ValueOrder } from '../order';
import { compileFilter } from '../filter';
import { show, showDocument } from '../show';
import { textOf } from '../values';
import { addToSetModifier, popModifier, pullAllModifier, pullModifier, pushModifier } from './arrays';
import type { Modifier } from './modifier';
import {
  ArrayNode,
  FieldNode,
  LeafNode,
  RenameNode,
  ReservedNode,
  type ArrayFilter,
  type UpdateNode
} from './node';
import {
  arithmeticModifier,
  bitModifier,
  currentDateModifier,
  extremeModifier,
  setModifier,
  setOnInsertModifier,
  unsetModifier
} from './scalar';

/** An update in operator form, taken apart. */
export interface ParsedOperators {
  readonly root: FieldNode;
  readonly filters: ReadonlyMap<string, ArrayFilter>;
  readonly needsPosition: boolean;
  /** Whether a path begins with `_id`. */
  readonly touchesId: boolean;
}

function modifierFor(op: string, argument: RawElement, order: ValueOrder): Modifier {
  switch (op) {
    case '$set':
      return setModifier(argument);
    case '$setOnInsert':
      return setOnInsertModifier(argument);
    case '$unset':
      return unsetModifier;
    case '$inc':
    case '$mul':
      return arithmeticModifier(op, argument);
    case '$min':
    case '$max':
      return extremeModifier(op, argument, order);
    case '$currentDate':
      return currentDateModifier(argument);
    case '$bit':
      return bitModifier(argument);
    case '$push':
      return pushModifier(argument, order);
    case '$addToSet':
      return addToSetModifier(argument, order);
    case '$pull':
      return pullModifier(argument, order);
    case '$pullAll':
      return pullAllModifier(argument, order);
    case '$pop':
      return popModifier(argument);
    default:
      throw queryError(
        9,
        `Unknown modifier: ${op}. Expected a valid update modifier or pipeline-style update specified as an array`
      );
  }
}

/** Parses `{$set: {…}, $inc: {…}}` into one tree of paths. @throws 9, 40, 56, 2 as MongoDB */
export function parseOperators(update: Buffer, options: UpdateOptions, order: ValueOrder): ParsedOperators {
  const filters = parseArrayFilters(options.arrayFilters ?? [], options);
  const root = new FieldNode();
  const used = new Set<string>();
  let needsPosition = false;
  let touchesId = false;
  const put = (path: string, end: UpdateNode): void => {
    const parts = splitPath(path);
    if (parts.includes('$')) needsPosition = true;
    if (parts[0] === '_id') touchesId = true;
    insert(root, parts, path, end, filters, used);
  };
  for (const operator of elements(update)) {
    const op = operator.name;
    if (op !== '$rename') checkOperator(op);
    if (operator.type !== T.OBJECT) {
      throw queryError(
        9,
        `Modifiers operate on fields but we found type ${TYPE_NAMES[operator.type]} instead. For example: {$mod: {<field>: ...}} not {${op}: ${show(operator)}}`
      );
    }
    for (const argument of elements(operator.bytes)) {
      if (op === '$rename') {
        const { from, to } = renamePaths(argument);
        put(from, new ReservedNode());
        checkRename(from, to);
        put(to, new RenameNode(from.split('.')));
      } else {
        put(argument.name, new LeafNode(modifierFor(op, argument, order)));
      }
    }
  }
  for (const id of filters.keys()) {
    if (!used.has(id)) {
      throw queryError(
        9,
        `The array filter for identifier '${id}' was not used in the update ${showDocument(update)}`
      );
    }
  }
  return { root, filters, needsPosition, touchesId };
}

const OPERATORS = new Set([
  '$set',
  '$setOnInsert',
  '$unset',
  '$inc',
  '$mul',
  '$min',
  '$max',
  '$currentDate',
  '$bit',
  '$push',
  '$addToSet',
  '$pull',
  '$pullAll',
  '$pop'
]);

function checkOperator(op: string): void {
  if (OPERATORS.has(op)) return;
  throw queryError(
    9,
    `Unknown modifier: ${op}. Expected a valid update modifier or pipeline-style update specified as an array`
  );
}

/** `$[]` and `$[x]`. */
const isFiltered = (part: string): boolean => /^\$\[.*\]$/s.test(part);

/** What stands for items of an array; other names with a dollar are fields below the top. */
const isDynamic = (part: string): boolean => part === '$' || isFiltered(part);

function splitPath(path: string): string[] {
  if (path === '') throw queryError(56, 'An empty update path is not valid.');
  const parts = path.split('.');
  if (parts.includes('')) {
    throw queryError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  parts.forEach((part, i) => {
    if (i === 0 && part.startsWith('$') && !isDynamic(part)) {
      if (part === '$id') throw queryError(55, 'Found $id field without a $ref before it, which is invalid.');
      throw queryError(
        52,
        `The dollar ($) prefixed field '${part}' in '${path}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`
      );
    }
    if (i === 0 && part.startsWith('$')) {
      throw queryError(
        2,
        `Cannot have array filter or positional operator '${part}' in the first position in path '${path}'`
      );
    }
  });
  if (parts.filter(part => part === '$').length > 1) {
    throw queryError(2, `Too many positional (i.e. '$') elements found in path '${path}'`);
  }
  return parts;
}

function insert(
  root: FieldNode,
  parts: readonly string[],
  path: string,
  end: UpdateNode,
  filters: ReadonlyMap<string, ArrayFilter>,
  used: Set<string>
): void {
  let node: UpdateNode = root;
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    const nextIsArray = !last && isFiltered(parts[i + 1]!);
    const existing: UpdateNode | undefined = childOf(node, part);
    if (existing !== undefined) {
      const fits = !last && existing.kind === (nextIsArray ? 'array' : 'field');
      if (!fits) {
        throw queryError(
          40,
          `Updating the path '${path}' would create a conflict at '${parts.slice(0, i + 1).join('.')}'`
        );
      }
      node = existing;
      return;
    }
    const child: UpdateNode = last ? end : nextIsArray ? new ArrayNode() : new FieldNode();
    if (node.kind === 'array') {
      const id = part.slice(2, -1);
      if (id !== '') {
        if (!filters.has(id))
          throw queryError(2, `No array filter found for identifier '${id}' in path '${path}'`);
        used.add(id);
      }
      node.children.set(id, child);
    } else if (node.kind === 'field') {
      if (part === '$') node.positional = child;
      else node.children.set(part, child);
    }
    node = child;
  });
  for (const part of parts) if (isFiltered(part) && part !== '$[]') used.add(part.slice(2, -1));
}

function childOf(node: UpdateNode, part: string): UpdateNode | undefined {
  if (node.kind === 'array') return node.children.get(part.slice(2, -1));
  if (node.kind === 'field') return part === '$' ? node.positional : node.children.get(part);
  return undefined;
}

function parseArrayFilters(list: readonly Buffer[], options: UpdateOptions): Map<string, ArrayFilter> {
  const out = new Map<string, ArrayFilter>();
  for (const doc of list) {
    const ids = new Set<string>();
    collectIds(doc, ids);
    const [id] = ids;
    if (id === undefined)
      throw queryError(9, 'Cannot use an expression without a top-level field name in arrayFilters');
    if (ids.size > 1) {
      throw queryError(
        9,
        `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${[...ids].join("' and '")}'`
      );
    }
    if (!/^[a-z][a-zA-Z0-9]*$/.test(id)) {
      throw queryError(
        2,
        `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${id}'`
      );
    }
    if (out.has(id))
      throw queryError(9, `Found multiple array filters with the same top-level field name ${id}`);
    const filter = compileArrayFilter(doc, options);
    out.set(id, { matches: element => filter.matches(documentOf([{ ...element, name: id }])) });
  }
  return out;
}

function compileArrayFilter(doc: Buffer, options: UpdateOptions): Filter {
  try {
    return compileFilter(doc, options);
  } catch (error) {
    const code = isArgonError(error) ? error.data['mongoCode'] : undefined;
    if (typeof code !== 'number') throw error;
    throw queryError(code, `Error parsing array filter :: caused by :: ${(error as Error).message}`);
  }
}

function collectIds(doc: Buffer, ids: Set<string>): void {
  for (const element of elements(doc)) {
    if (['$and', '$or', '$nor'].includes(element.name) && element.type === T.ARRAY) {
      for (const item of elements(element.bytes)) if (item.type === T.OBJECT) collectIds(item.bytes, ids);
    } else if (!element.name.startsWith('$')) {
      ids.add(element.name.split('.')[0]!);
    }
  }
}

function renamePaths(argument: RawElement): { from: string; to: string } {
  const from = argument.name;
  if (argument.type !== T.STRING)
    throw queryError(2, `The 'to' field for $rename must be a string: ${from}: ${show(argument)}`);
  const to = textOf(argument);
  if (to.includes('\0'))
    throw queryError(2, `The 'to' field for $rename cannot contain an embedded null byte: ${from}: ${to}`);
  return { from, to };
}

function checkRename(from: string, to: string): void {
  const [source, target] = [splitPath(from), splitPath(to)];
  for (const [what, parts, text] of [
    ['source', source, from],
    ['destination', target, to]
  ] as const) {
    if (parts.some(isDynamic))
      throw queryError(2, `The ${what} field for $rename may not be dynamic: ${text}`);
  }
  if (from === to)
    throw queryError(2, `The source and target field for $rename must differ: ${from}: "${to}"`);
  const prefix = (a: string, b: string): boolean => b.startsWith(`${a}.`);
  if (prefix(from, to) || prefix(to, from)) {
    throw queryError(
      2,
      `The source and target field for $rename must not be on the same path: ${from}: "${to}"`
    );
  }
}
