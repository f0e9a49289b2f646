import { arrayOf, documentOf, elements, T } from '../../bson';
import { isArgonError } from '../../errors';
import { queryError } from '../error';
import { compileRegex } from '../regex';
import {
  array,
  bool,
  FALSE,
  int32,
  isNullish,
  NULL,
  object,
  regexOf,
  string,
  textOf,
  type Value
} from '../values';
import { typeName } from './arithmetic';
import { compileExpression, register, type OperatorCompiler } from './compile';
import type { Expression, Frame, RawValue } from './scope';

/** `$regexMatch`, `$regexFind` and `$regexFindAll`: `{input, regex, options}`. */
function regexOperator(nothing: RawValue, run: (text: string, regex: RegExp) => Value): OperatorCompiler {
  return (argument, scope, name) => {
    if (argument.type !== T.OBJECT) {
      throw queryError(
        51103,
        `${name} expects an object of named arguments but found: ${typeName(argument)}`
      );
    }
    const parts = new Map<string, Expression>();
    for (const element of elements(argument.bytes)) {
      if (!['input', 'regex', 'options'].includes(element.name))
        throw queryError(31024, `${name} found an unknown argument: ${element.name}`);
      parts.set(element.name, compileExpression(element, scope));
    }
    const input = parts.get('input');
    const pattern = parts.get('regex');
    if (input === undefined) throw queryError(31022, `${name} requires 'input' parameter`);
    if (pattern === undefined) throw queryError(31023, `${name} requires 'regex' parameter`);
    const options = parts.get('options');
    // mongod computes none of these beforehand, which decides what its commutative operators meet first.
    const evaluate = (frame: Frame): Value => {
      const text = input.evaluate(frame);
      const expression = pattern.evaluate(frame);
      const flags = options?.evaluate(frame);
      if (!isNullish(expression) && expression.type !== T.STRING && expression.type !== T.REGEX) {
        throw queryError(51105, `${name} needs 'regex' to be of type string or regex`);
      }
      if (!isNullish(text) && text.type !== T.STRING)
        throw queryError(51104, `${name} needs 'input' to be of type string`);
      if (!isNullish(flags) && flags.type !== T.STRING)
        throw queryError(51106, `${name} needs 'options' to be of type string`);
      if (isNullish(text) || isNullish(expression)) return nothing;
      const own =
        expression.type === T.REGEX ? regexOf(expression) : { pattern: textOf(expression), options: '' };
      if (own.options !== '' && !isNullish(flags)) {
        throw queryError(
          51107,
          `${name}: found regex option(s) specified in both 'regex' and 'option' fields`
        );
      }
      const regex = regexFor(name, own.pattern, isNullish(flags) ? own.options : textOf(flags));
      regex.lastIndex = 0;
      return run(textOf(text), regex);
    };
    return { evaluate };
  };
}

/** The compiled pattern. @throws 51111 for one that is malformed, as these operators report it */
function regexFor(name: string, pattern: string, options: string): RegExp {
  try {
    return compileRegex(pattern, options, 'g');
  } catch (error) {
    if (!isArgonError(error) || error.data.mongoCode !== 51091) throw error;
    throw queryError(51111, `Invalid Regex in ${name}: ${error.message}`);
  }
}

function describe(match: RegExpExecArray, text: string): RawValue {
  const captures = match.slice(1).map(capture => (capture === undefined ? NULL : string(capture)));
  return object(
    documentOf([
      { ...string(match[0]), name: 'match' },
      { ...int32([...text.slice(0, match.index)].length), name: 'idx' },
      { ...array(arrayOf(captures)), name: 'captures' }
    ])
  );
}

register({
  $regexMatch: regexOperator(FALSE, (text, regex) => bool(regex.test(text))),
  $regexFind: regexOperator(NULL, (text, regex) => {
    const match = regex.exec(text);
    return match ? describe(match, text) : NULL;
  }),
  $regexFindAll: regexOperator(array(arrayOf([])), (text, regex) => {
    const out: RawValue[] = [];
    for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
      out.push(describe(match, text));
      if (match[0] === '')
        regex.lastIndex += regex.unicode && (text.codePointAt(regex.lastIndex) ?? 0) > 0xffff ? 2 : 1;
      // Like mongod it does not look at the end, unless that is where it began.
      if (regex.lastIndex >= text.length) break;
    }
    return array(arrayOf(out));
  })
});
