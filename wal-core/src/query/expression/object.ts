import { documentOf, elements, nameBytes, T } from '../../bson';
import { queryError } from '../error';
import { double, int32, isNullish, NULL, object, string, textOf } from '../values';
import { typeName } from './arithmetic';
import { compileExpression, folded, operator, register, type OperatorCompiler } from './compile';
import { fieldOf } from './fieldpath';
import { constant, type Expression, type RawValue, type Scope } from './scope';

/** A field name that must be known when the query is compiled. */
function constantName(value: RawValue, scope: Scope, name: string, codes: readonly [number, number]): string {
  const expression =
    value.type === T.STRING && !textOf(value).startsWith('$')
      ? constant(value)
      : compileExpression(value, scope);
  if (expression.constant === undefined) {
    throw queryError(
      codes[0],
      `${name} requires 'field' to evaluate to a constant, but got a non-constant argument`
    );
  }
  const known = expression.constant.value;
  if (known?.type !== T.STRING)
    throw queryError(
      codes[1],
      `${name} requires 'field' to evaluate to type String, but got ${typeName(known)}`
    );
  return textOf(known);
}

const getField: OperatorCompiler = (argument, scope) => {
  let name: RawValue | undefined;
  let input: Expression = { evaluate: frame => frame.current };
  if (argument.type === T.OBJECT && !(elements(argument.bytes)[0]?.name ?? '').startsWith('$')) {
    let given = false;
    for (const element of elements(argument.bytes)) {
      if (element.name === 'field') name = element;
      else if (element.name === 'input') {
        input = compileExpression(element, scope);
        given = true;
      } else throw queryError(3041701, `$getField found an unknown argument: ${element.name}`);
    }
    if (name === undefined) throw queryError(3041702, "$getField requires 'field' to be specified");
    if (!given) throw queryError(3041703, "$getField requires 'input' to be specified");
  } else {
    name = argument;
  }
  const key = nameBytes(constantName(name, scope, '$getField', [5654600, 5654602]));
  return folded([input, { evaluate: () => undefined }], frame => {
    const from = input.evaluate(frame);
    if (isNullish(from)) return from === undefined ? undefined : NULL;
    return fieldOf(from, key);
  });
};

function setField(removes: boolean): OperatorCompiler {
  return (argument, scope, name) => {
    if (argument.type !== T.OBJECT)
      throw queryError(4161100, `${name} only supports an object as its argument`);
    let key: RawValue | undefined;
    let input: Expression | undefined;
    let value: Expression | undefined;
    for (const element of elements(argument.bytes)) {
      if (element.name === 'field') key = element;
      else if (element.name === 'input') input = compileExpression(element, scope);
      else if (element.name === 'value' && !removes) value = compileExpression(element, scope);
      else throw queryError(4161101, `${name} found an unknown argument: ${element.name}`);
    }
    if (key === undefined) throw queryError(4161102, `${name} requires 'field' to be specified`);
    if (input === undefined) throw queryError(4161109, `${name} requires 'input' to be specified`);
    if (value === undefined && !removes)
      throw queryError(4161103, `${name} requires 'value' to be specified`);
    const fieldName = constantName(key, scope, name, [4161106, 4161107]);
    const from = input;
    return {
      evaluate: frame => {
        const doc = from.evaluate(frame);
        if (isNullish(doc)) return NULL;
        if (doc.type !== T.OBJECT)
          throw queryError(4161105, `${name} requires 'input' to evaluate to type Object`);
        const set = value?.evaluate(frame);
        const out: { name: string; type: number; bytes: Buffer }[] = [];
        let found = false;
        for (const element of elements(doc.bytes)) {
          if (element.name !== fieldName) out.push(element);
          else if (set !== undefined) {
            out.push({ ...set, name: fieldName });
            found = true;
          }
        }
        if (!found && set !== undefined) out.push({ ...set, name: fieldName });
        return object(documentOf(out));
      }
    };
  };
}

/** Merges documents: later fields replace earlier ones in place. */
export function mergeDocuments(docs: Iterable<Buffer>): Buffer {
  const out = new Map<string, RawValue>();
  for (const doc of docs) for (const { name, type, bytes } of elements(doc)) out.set(name, { type, bytes });
  return documentOf([...out].map(([name, value]) => ({ ...value, name })));
}

register({
  $getField: getField,
  $setField: setField(false),
  $unsetField: setField(true),
  $mergeObjects: operator(0, Infinity, values => {
    const docs: Buffer[] = [];
    for (const value of values) {
      if (isNullish(value)) continue;
      if (value.type !== T.OBJECT)
        throw queryError(
          40400,
          `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`
        );
      docs.push(value.bytes);
    }
    return object(mergeDocuments(docs));
  }),
  $bsonSize: operator(1, 1, ([value]) => {
    if (isNullish(value)) return NULL;
    if (value.type !== T.OBJECT)
      throw queryError(31393, `$bsonSize requires a document input, found: ${typeName(value)}`);
    return int32(value.bytes.length);
  }),
  $binarySize: operator(1, 1, ([value]) => {
    if (isNullish(value)) return NULL;
    if (value.type === T.STRING) return int32(value.bytes.length - 5);
    if (value.type === T.BINARY) return int32(value.bytes.length - 5);
    throw queryError(51276, `$binarySize requires a string or BinData argument, found: ${typeName(value)}`);
  }),
  $type: operator(1, 1, ([value]) => string(typeName(value))),
  $rand: (argument, scope) => {
    if (argument.type !== T.OBJECT && argument.type !== T.ARRAY)
      throw queryError(10065, 'invalid parameter: expected an object ($rand)');
    if (argument.bytes.length > 5) throw queryError(3040501, '$rand does not currently accept arguments');
    return { evaluate: () => double(scope.unit.random()) };
  },
  $meta: () => {
    throw queryError(238, '$meta is not implemented');
  },
  $function: () => {
    throw queryError(238, '$function is not implemented');
  },
  $accumulator: () => {
    throw queryError(238, '$accumulator is not implemented');
  }
});
