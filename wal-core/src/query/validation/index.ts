import { elements, field, T, TYPE_NAMES, values, type RawElement, type RawValue } from '../../bson';
import { compileFilter } from '../filter';
import { Scope, compileExpression } from '../expression';
import { valuesAlong } from '../pipeline/join';
import { int32, isTrue, object, startsWithDollar, string } from '../values';
import { listOf, record, type Detail } from './record';
import { schemaDetails } from './schema';

/** Why a document does not match a validator, in mongod's words: the `details` of error 121. */
export function validationDetails(validator: Buffer, document: Buffer): Buffer {
  return explainAll(validator, document, false).bytes;
}

/** All conditions of a filter; `isInverted`: what should not have matched. */
function explainAll(filter: Buffer, document: Buffer, isInverted: boolean): Detail {
  const clauses = elements(filter).flatMap(element => clausesOf(element));
  if (clauses.length === 1) return explain(clauses[0]!, document, isInverted);
  const told = clauses.flatMap((clause, i) =>
    holds(clause, document) === isInverted
      ? [record(['index', int32(i)], ['details', explain(clause, document, isInverted)])]
      : []
  );
  return record(
    ['operatorName', string('$and')],
    [isInverted ? 'clausesSatisfied' : 'clausesNotSatisfied', listOf(told)]
  );
}

/** One condition as a filter of its own: `{a: {$gt: 1, $lt: 5}}` is two. */
interface Clause {
  readonly path: string;
  readonly operator: string;
  readonly argument: RawValue;
  readonly source: Buffer;
}

function clausesOf(element: RawElement): Clause[] {
  const whole = record([element.name, element]).bytes;
  if (element.name.startsWith('$')) {
    return element.name === '$comment'
      ? []
      : [{ path: '', operator: element.name, argument: element, source: whole }];
  }
  if (element.type === T.OBJECT && startsWithDollar(element.bytes) && !isReference(element)) {
    return elements(element.bytes)
      .filter(({ name }) => name !== '$options')
      .map(one => {
        const options = elements(element.bytes).filter(
          ({ name }) => name === '$options' && one.name === '$regex'
        );
        const source = record([
          element.name,
          record([one.name, one], ...options.map(option => [option.name, option] as const))
        ]).bytes;
        return { path: element.name, operator: one.name, argument: one, source };
      });
  }
  const operator = element.type === T.REGEX ? '$regex' : '$eq';
  return [{ path: element.name, operator, argument: element, source: whole }];
}

function isReference({ bytes }: RawValue): boolean {
  return ['$ref', '$id', '$db'].includes(elements(bytes)[0]?.name ?? '');
}

function holds({ source }: Clause, document: Buffer): boolean {
  return compileFilter(source).matches(document);
}

function explain(clause: Clause, document: Buffer, isInverted: boolean): Detail {
  const { operator, argument, source, path } = clause;
  const name = ['operatorName', string(operator)] as const;
  const asked = ['specifiedAs', object(source)] as const;
  switch (operator) {
    case '$jsonSchema':
      return isInverted
        ? record(name, asked, ['reason', string('schema matched')])
        : schemaDetails(argument.bytes, document);
    case '$and':
    case '$or':
    case '$nor': {
      // A $nor fails by what is true in it.
      const inner = operator === '$nor' ? !isInverted : isInverted;
      const told = values(argument.bytes).flatMap(({ bytes }, i) =>
        compileFilter(bytes).matches(document) === inner
          ? [record(['index', int32(i)], ['details', explainAll(bytes, document, inner)])]
          : []
      );
      return record(name, [inner ? 'clausesSatisfied' : 'clausesNotSatisfied', listOf(told)]);
    }
    case '$expr': {
      const scope = Scope.create();
      const result = compileExpression(argument, scope).evaluate(scope.frame(document));
      return record(
        name,
        asked,
        ['reason', string(isInverted ? 'expression matched' : 'expression did not match')],
        ...(result === undefined ? [] : ([['expressionResult', result]] as const))
      );
    }
    case '$not': {
      const inner = record([path, argument]).bytes;
      return record(name, ['details', explainAll(inner, document, !isInverted)]);
    }
    case '$exists': {
      const wantsIt = isTrue(argument) !== isInverted;
      return record(name, asked, ['reason', string(wantsIt ? 'path does not exist' : 'path does exist')]);
    }
    default:
      return explainValue(clause, document, isInverted);
  }
}

/** Conditions on the values at a path. */
function explainValue({ path, operator, source }: Clause, document: Buffer, isInverted: boolean): Detail {
  const name = ['operatorName', string(operator)] as const;
  const asked = ['specifiedAs', object(source)] as const;
  const found = valuesAt(document, path);
  if (found.length === 0) return record(name, asked, ['reason', string('field was missing')]);
  const wantsType = operator === '$type';
  const expected = EXPECTED_TYPES[operator];
  const considered: readonly [string, RawValue] =
    found.length === 1 ? ['consideredValue', found[0]!] : ['consideredValues', listOf(found)];
  const typeOf = (): RawValue => string(TYPE_NAMES[found[0]!.type] ?? 'missing');
  if (
    expected !== undefined &&
    !isInverted &&
    found.every(({ type }) => !expected.includes(TYPE_NAMES[type] ?? ''))
  ) {
    return record(
      name,
      asked,
      ['reason', string('type did not match')],
      ['consideredType', typeOf()],
      expected.length === 1
        ? ['expectedType', string(expected[0]!)]
        : ['expectedTypes', listOf(expected.map(string))],
      considered
    );
  }
  return record(
    name,
    asked,
    ['reason', string((isInverted ? INVERTED[operator] : REASONS[operator]) ?? 'condition failed')],
    considered,
    ...(wantsType ? ([['consideredType', typeOf()]] as const) : [])
  );
}

/** The values a condition looks at; an array that is the field itself as a whole. */
function valuesAt(document: Buffer, path: string): RawValue[] {
  const whole = field(document, path);
  return whole?.type === T.ARRAY ? [whole] : valuesAlong(document, path.split('.'));
}

const COMPARISON = 'comparison failed';
const SUCCEEDED = 'comparison succeeded';

const REASONS: Readonly<Record<string, string>> = {
  $eq: COMPARISON,
  $gt: COMPARISON,
  $gte: COMPARISON,
  $lt: COMPARISON,
  $lte: COMPARISON,
  $ne: SUCCEEDED,
  $in: 'no matching value found in array',
  $nin: 'matching value found in array',
  $type: 'type did not match',
  $regex: 'regular expression did not match',
  $size: 'array length was not equal to given size',
  $elemMatch: 'array did not satisfy the child predicate',
  $mod: '$mod did not evaluate to expected remainder',
  $all: 'array did not contain all specified values',
  $bitsAllSet: 'bitwise operator failed to match',
  $bitsAllClear: 'bitwise operator failed to match',
  $bitsAnySet: 'bitwise operator failed to match',
  $bitsAnyClear: 'bitwise operator failed to match'
};

const INVERTED: Readonly<Record<string, string>> = {
  $eq: SUCCEEDED,
  $gt: SUCCEEDED,
  $gte: SUCCEEDED,
  $lt: SUCCEEDED,
  $lte: SUCCEEDED,
  $ne: COMPARISON,
  $in: 'matching value found in array',
  $nin: 'no matching value found in array',
  $type: 'type did match',
  $regex: 'regular expression did match',
  $size: 'array length was equal to given size',
  $elemMatch: 'array did satisfy the child predicate',
  $mod: '$mod did evaluate to expected remainder',
  $all: 'array did contain all specified values'
};

/** Types outside of which a condition says so, rather than that it failed. */
const EXPECTED_TYPES: Readonly<Record<string, readonly string[]>> = {
  $regex: ['regex', 'string', 'symbol'],
  $size: ['array'],
  $elemMatch: ['array'],
  $mod: ['decimal', 'double', 'int', 'long']
};
