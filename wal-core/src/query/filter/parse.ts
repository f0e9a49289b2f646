import {
  Cursor,
  elements,
  isNumberType,
  sameValue,
  T,
  TYPE_BYTES,
  TYPE_NAMES,
  valueSize,
  type RawElement,
  type RawValue
} from '../../bson';
import { notImplemented, queryError } from '../error';
import type { ValueOrder } from '../order';
import { compileExpression, setRoot, type Frame, type Scope } from '../expression';
import { toNumber } from '../numeric';
import { compileRegex, literalPrefix, plainText } from '../regex';
import { showElement } from '../show';
import { isTrue, regexOf, startsWithDollar, textOf, type Value } from '../values';
import { bitsTest } from './bits';
import { comparisonTest, oneOfTest, type ComparisonOp } from './comparison';
import { modTest } from './mod';
import {
  ALWAYS,
  AndNode,
  ArrayNode,
  DocumentNode,
  exists,
  LeafNode,
  NEVER,
  NotNode,
  OrNode,
  type FilterNode
} from './node';
import { position, type ElementTest } from './path';
import { compileSchema } from './schema';

/** What filters need from the command around them. */
export interface FilterScope {
  /** Variables that `$expr` may name. */
  readonly expressions: () => Scope;
  readonly random: () => number;
  /** How values compare: the command's collation. */
  readonly order: ValueOrder;
  /** Values of the variables while a pipeline runs; else those the scope began with. */
  vars?: readonly Value[];
}

/** Parses a filter document. @throws BadValue and others, as MongoDB */
export function parseFilter(doc: Buffer, scope: FilterScope): FilterNode {
  const children: FilterNode[] = [];
  for (const element of elements(doc)) {
    const { name } = element;
    if (name.startsWith('$') && !['$id', '$ref', '$db'].includes(name)) {
      const node = parseTopLevel(element, scope);
      if (node !== undefined) children.push(node);
    } else if (isOperators(element)) {
      children.push(...parseOperators(name, element.bytes, scope));
    } else if (element.type === T.REGEX) {
      const { pattern, options } = regexOf(element);
      children.push(regexNode(name, pattern, options));
    } else {
      children.push(comparisonNode(name, '$eq', element, scope));
    }
  }
  return children.length === 1 ? children[0]! : children.length === 0 ? ALWAYS : new AndNode(children);
}

function parseTopLevel(element: RawElement, scope: FilterScope): FilterNode | undefined {
  const { name } = element;
  switch (name) {
    case '$and':
      return new AndNode(parseList(element, scope));
    case '$or':
      return new OrNode(parseList(element, scope));
    case '$nor':
      return new NotNode(new OrNode(parseList(element, scope)));
    case '$comment':
      return undefined;
    case '$expr': {
      const expression = compileExpression(element, scope.expressions());
      let vars: readonly Value[] | undefined;
      let frame: Frame | undefined;
      return new DocumentNode(doc => {
        if (frame === undefined || vars !== scope.vars) {
          vars = scope.vars;
          frame =
            vars === undefined
              ? scope.expressions().frame()
              : { root: undefined, current: undefined, vars: [...vars] };
        }
        return isTrue(expression.evaluate(setRoot(frame, doc)));
      });
    }
    case '$jsonSchema':
      if (element.type !== T.OBJECT) throw queryError(14, '$jsonSchema must be an object');
      return new DocumentNode(compileSchema(element.bytes));
    case '$alwaysTrue':
    case '$alwaysFalse':
      return name === '$alwaysTrue' ? ALWAYS : NEVER;
    case '$sampleRate': {
      if (!isNumberType(element.type)) throw queryError(2, 'argument to $sampleRate must be a numeric type');
      const rate = toNumber(element);
      if (!(rate >= 0 && rate <= 1)) throw queryError(2, 'numeric argument to $sampleRate must be in [0, 1]');
      return new DocumentNode(() => scope.random() < rate);
    }
    case '$where':
    case '$text':
      throw notImplemented(name);
    case '$not':
      throw queryError(
        2,
        `unknown top level operator: $not. If you are trying to negate an entire expression, use $nor.`
      );
    default:
      throw queryError(
        2,
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, ` +
          `consider using $getField or $setField.`
      );
  }
}

function parseList(element: RawElement, scope: FilterScope): FilterNode[] {
  if (element.type !== T.ARRAY) throw queryError(2, `${element.name} must be an array`);
  const items = elements(element.bytes);
  if (items.length === 0) throw queryError(2, '$and/$or/$nor must be a nonempty array');
  return items.map(item => {
    if (item.type !== T.OBJECT) throw queryError(2, '$or/$and/$nor entries need to be full objects');
    return parseFilter(item.bytes, scope);
  });
}

/** Whether a value is a document of operators, and not a document or DBRef to compare with. */
function isOperators(value: RawValue, incompleteRefs = false): boolean {
  return (
    value.type === T.OBJECT && startsWithDollar(value.bytes) && !isReference(value.bytes, incompleteRefs)
  );
}

function isReference(doc: Buffer, incomplete: boolean): boolean {
  let ref = false;
  let id = false;
  let db = false;
  for (const cursor = new Cursor(doc); cursor.next();) {
    if (cursor.name === '$ref') ref = true;
    else if (cursor.name === '$id') id = true;
    else if (cursor.name === '$db') db = true;
  }
  return incomplete ? ref || id || db : ref && id;
}

function comparisonNode(path: string, op: ComparisonOp, value: RawValue, { order }: FilterScope): FilterNode {
  if (value.type === T.UNDEFINED) throw queryError(2, 'cannot compare to undefined');
  if (value.type === T.REGEX && op !== '$eq') {
    throw queryError(2, `Can't have RegEx as arg to predicate over field '${path}'.`);
  }
  return new LeafNode(path, comparisonTest(op, value, order), { op, value });
}

/** Parses `{$gt: 1, $lt: 5}` on a path; all of it must hold. */
function parseOperators(path: string, doc: Buffer, scope: FilterScope): FilterNode[] {
  const list = elements(doc);
  const nodes: FilterNode[] = [];
  for (const element of list) {
    const node = parseOperator(path, element, list, scope);
    if (node !== undefined) nodes.push(node);
  }
  return nodes;
}

function parseOperator(
  path: string,
  element: RawElement,
  siblings: readonly RawElement[],
  scope: FilterScope
): FilterNode | undefined {
  const { name: op } = element;
  switch (op) {
    case '$eq':
    case '$lt':
    case '$lte':
    case '$gt':
    case '$gte':
      return comparisonNode(path, op, element, scope);
    case '$ne':
      if (element.type === T.REGEX) throw queryError(2, "Can't have regex as arg to $ne.");
      return new NotNode(comparisonNode(path, '$eq', element, scope));
    case '$in':
      return inNode(path, element, '$in', scope);
    case '$nin':
      return new NotNode(inNode(path, element, '$nin', scope));
    case '$not':
      return notNode(path, element, scope);
    case '$exists': {
      const node = new LeafNode(path, exists, { op: 'other' });
      return isTrue(element) ? node : new MissingNode(path, node);
    }
    case '$type':
      return new LeafNode(path, typeTest(element), { op: 'other' });
    case '$size':
      return sizeNode(path, element);
    case '$mod':
      return new LeafNode(path, modTest(element), { op: 'number' });
    case '$bitsAllSet':
    case '$bitsAllClear':
    case '$bitsAnySet':
    case '$bitsAnyClear':
      return new LeafNode(path, bitsTest(op, element), { op: 'other' });
    case '$regex':
    case '$options':
      return regexOperator(path, element, siblings);
    case '$all':
      return allNode(path, element, scope);
    case '$elemMatch':
      return elemMatchNode(path, element, scope);
    case '$near':
    case '$nearSphere':
    case '$geoNear':
    case '$geoWithin':
    case '$geoIntersects':
    case '$within':
      throw notImplemented(op);
    default:
      throw queryError(2, `unknown operator: ${op}`);
  }
}

/** `$exists: false`: apart from other negations, because index keys hold null for a missing field. */
export class MissingNode extends NotNode {
  constructor(
    readonly path: string,
    child: FilterNode
  ) {
    super(child);
  }
}

function notNode(path: string, element: RawElement, scope: FilterScope): FilterNode {
  if (element.type === T.REGEX) {
    const { pattern, options } = regexOf(element);
    return new NotNode(regexNode(path, pattern, options));
  }
  if (element.type !== T.OBJECT) throw queryError(2, '$not needs a regex or a document');
  const list = elements(element.bytes);
  if (list.length === 0) throw queryError(2, '$not cannot be empty');
  for (const { name } of list) if (!name.startsWith('$')) throw queryError(2, `unknown operator: ${name}`);
  const children = parseOperators(path, element.bytes, scope);
  return new NotNode(children.length === 1 ? children[0]! : new AndNode(children));
}

function inNode(path: string, element: RawElement, op: string, { order }: FilterScope): FilterNode {
  if (element.type !== T.ARRAY) throw queryError(2, `${op} needs an array`);
  const plain: RawValue[] = [];
  const tests: ElementTest[] = [];
  for (const item of elements(element.bytes)) {
    if (item.type === T.UNDEFINED) throw queryError(2, 'InMatchExpression equality cannot be undefined');
    if (isOperators(item)) throw queryError(2, `cannot nest $ under ${op}`);
    if (item.type === T.REGEX) {
      const { pattern, options } = regexOf(item);
      tests.push(regexTest(pattern, options, item));
    } else {
      plain.push(item);
    }
  }
  if (tests.length === 0) return new LeafNode(path, oneOfTest(plain, order), { op: '$in', values: plain });
  tests.unshift(oneOfTest(plain, order));
  return new LeafNode(path, (...at) => tests.some(test => test(...at)), { op: 'other' });
}

function regexNode(path: string, pattern: string, options: string): FilterNode {
  const regex: RawValue = { type: T.REGEX, bytes: Buffer.from(`${pattern}\0${options}\0`) };
  const prefix = literalPrefix(pattern, options);
  return new LeafNode(
    path,
    regexTest(pattern, options, regex),
    prefix === undefined ? { op: 'other' } : { op: 'prefix', prefix, regex }
  );
}

/** Matches strings and symbols, and the same regular expression as a value. */
function regexTest(pattern: string, options: string, same: RawValue): ElementTest {
  const regex = compileRegex(pattern, options);
  const plain = plainText(pattern, options);
  const needle = plain && Buffer.from(plain.text);
  return (type, buf, start, end) => {
    if (type === T.STRING || type === T.SYMBOL) {
      const from = start + 4;
      const to = end - 1;
      if (needle === undefined) return regex.test(buf.toString('utf8', from, to));
      if (to - from < needle.length) return false;
      if (plain!.anchored) return needle.compare(buf, from, from + needle.length) === 0;
      return buf.subarray(from, to).includes(needle);
    }
    return type === T.REGEX && sameValue(same, { type, bytes: buf.subarray(start, end) });
  };
}

function regexOperator(
  path: string,
  element: RawElement,
  siblings: readonly RawElement[]
): FilterNode | undefined {
  const regex = siblings.find(s => s.name === '$regex');
  const options = siblings.find(s => s.name === '$options');
  if (element.name === '$options') {
    if (regex === undefined) throw queryError(2, '$options needs a $regex');
    if (element.type !== T.STRING) throw queryError(2, '$options has to be a string');
    return undefined;
  }
  if (element.type === T.STRING) {
    return regexNode(path, textOf(element), options?.type === T.STRING ? textOf(options) : '');
  }
  if (element.type === T.REGEX) {
    const inner = regexOf(element);
    if (options !== undefined && inner.options !== '')
      throw queryError(51074, 'options set in both $regex and $options');
    return regexNode(path, inner.pattern, options?.type === T.STRING ? textOf(options) : inner.options);
  }
  throw queryError(2, '$regex has to be a string');
}

/** The types a `$type` names: a code, an alias, or an array of both. */
export function typeSet(value: RawValue, what = '$type'): ReadonlySet<number> {
  const out = new Set<number>();
  const items = value.type === T.ARRAY ? elements(value.bytes) : [value];
  if (items.length === 0) throw queryError(9, `${what} must match at least one type`);
  for (const item of items) {
    if (item.type === T.STRING) {
      const alias = textOf(item);
      const byte = TYPE_BYTES.get(alias);
      if (alias === 'number') for (const type of [T.DOUBLE, T.INT32, T.INT64, T.DECIMAL128]) out.add(type);
      else if (byte !== undefined) out.add(byte);
      else throw queryError(2, `Unknown type name alias: ${alias}`);
    } else if (isNumberType(item.type)) {
      const code = toNumber(item);
      const byte = code === -1 ? T.MIN_KEY : code;
      if (!Number.isInteger(code) || TYPE_NAMES[byte] === undefined || code === 255) {
        throw queryError(2, `Invalid numerical type code: ${code}`);
      }
      out.add(byte);
    } else {
      throw queryError(14, 'type must be represented as a number or a string');
    }
  }
  return out;
}

function typeTest(element: RawElement): ElementTest {
  const types = typeSet(element);
  return type => types.has(type);
}

function sizeNode(path: string, element: RawElement): FilterNode {
  const size = isNumberType(element.type) ? toNumber(element) : NaN;
  if (!Number.isInteger(size)) {
    const what = isNumberType(element.type) ? 'Expected an integer' : 'Expected a number in';
    throw queryError(2, `Failed to parse $size. ${what}: ${showElement(element)}`);
  }
  if (size < 0)
    throw queryError(2, `Failed to parse $size. Expected a non-negative number in: $size: ${size}`);
  return new ArrayNode(path, (buf, start) => countElements(buf, start) === size, undefined);
}

function countElements(buf: Buffer, start: number): number {
  let count = 0;
  for (const cursor = new Cursor(buf, start); cursor.next();) count++;
  return count;
}

function allNode(path: string, element: RawElement, scope: FilterScope): FilterNode {
  if (element.type !== T.ARRAY) throw queryError(2, '$all needs an array');
  const items = elements(element.bytes);
  if (items.length === 0) return NEVER;
  const isElemMatch = (item: RawValue): boolean =>
    item.type === T.OBJECT && elements(item.bytes)[0]?.name === '$elemMatch';
  if (isElemMatch(items[0]!)) {
    return new AndNode(
      items.map(item => {
        if (!isElemMatch(item)) throw queryError(2, '$all/$elemMatch has to be consistent');
        const list = elements(item.bytes);
        return elemMatchNode(path, list[0]!, scope);
      })
    );
  }
  return new AndNode(
    items.map(item => {
      if (item.type === T.REGEX) {
        const { pattern, options } = regexOf(item);
        return regexNode(path, pattern, options);
      }
      if (isOperators(item)) throw queryError(2, 'no $ expressions in $all');
      return comparisonNode(path, '$eq', item, scope);
    })
  );
}

function elemMatchNode(path: string, element: RawElement, scope: FilterScope): FilterNode {
  if (element.type !== T.OBJECT) throw queryError(2, '$elemMatch needs an Object');
  const first = elements(element.bytes)[0]?.name;
  const onValues =
    isOperators(element, true) &&
    ![
      '$and',
      '$or',
      '$nor',
      '$where',
      '$expr',
      '$jsonSchema',
      '$alwaysTrue',
      '$alwaysFalse',
      '$comment',
      '$sampleRate'
    ].includes(first!);
  if (onValues) {
    const children = parseOperators('', element.bytes, scope);
    const node: FilterNode = children.length === 1 ? children[0]! : new AndNode(children);
    return new ArrayNode(path, (buf, start) => anyElement(buf, start, node.test), { node, isObject: false });
  }
  for (const { name } of elements(element.bytes)) {
    if (name === '$where') throw queryError(2, '$elemMatch cannot contain $where expression');
    if (name === '$expr') throw queryError(2, '$expr can only be applied to the top-level document');
  }
  const node = parseFilter(element.bytes, scope);
  const test: ElementTest = (type, buf, start) =>
    (type === T.OBJECT || type === T.ARRAY) && node.matches(buf, start);
  return new ArrayNode(path, (buf, start) => anyElement(buf, start, test), { node, isObject: true });
}

/** Whether any element passes; notes its index for the positional `$`. */
function anyElement(buf: Buffer, start: number, test: ElementTest): boolean {
  let at = start + 4;
  for (let type = buf[at]!; type !== 0; type = buf[at]!) {
    const nameStart = at + 1;
    let value = nameStart;
    while (buf[value++] !== 0);
    const end = value + valueSize(type, buf, value);
    if (test(type, buf, value, end)) {
      if (position.recording) position.found = buf.toString('latin1', nameStart, value - 1);
      return true;
    }
    at = end;
  }
  return false;
}
