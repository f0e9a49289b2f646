import { arrayOf, documentOf, elements, T, values, type RawValue } from '../../bson';
import { queryError } from '../error';
import { compileExpression, setRoot, type Expression, type Frame } from '../expression';
import { array, object, string, textOf, type Value } from '../values';
import { frameOf, perBatch, type StageCompiler } from './stage';

/** `$redact`: keeps, prunes or descends into each level of a document. */
export const redact: StageCompiler = (argument, scope, name) => {
  const inner = scope.with('DESCEND', 'PRUNE', 'KEEP');
  const expression = compileExpression(argument, inner.scope);
  return perBatch(name, run => {
    const frame = frameOf(run);
    ['descend', 'prune', 'keep'].forEach((word, i) => (frame.vars[inner.slots[i]!] = string(word)));
    return batch => {
      const out: Buffer[] = [];
      for (const doc of batch) {
        const kept = redactLevel(object(doc), expression, setRoot(frame, doc));
        if (kept !== undefined) out.push(kept.bytes);
      }
      return out;
    };
  });
};

function redactLevel(level: RawValue, expression: Expression, frame: Frame): Value {
  frame.current = level;
  const verdict = expression.evaluate(frame);
  const word = verdict?.type === T.STRING ? textOf(verdict) : '';
  if (word === 'keep') return level;
  if (word === 'prune') return undefined;
  if (word !== 'descend') {
    throw queryError(
      17053,
      '$redact must evaluate to one of the $$DESCEND, $$PRUNE, or $$KEEP system variables'
    );
  }
  const out: { name: string; type: number; bytes: Buffer }[] = [];
  for (const { name, type, bytes } of elements(level.bytes)) {
    const value = redactValue({ type, bytes }, expression, frame);
    if (value !== undefined) out.push({ ...value, name });
  }
  return object(documentOf(out));
}

function redactValue(value: RawValue, expression: Expression, frame: Frame): Value {
  if (value.type === T.OBJECT) return redactLevel(value, expression, frame);
  if (value.type !== T.ARRAY) return value;
  const items: RawValue[] = [];
  for (const item of values(value.bytes)) {
    const kept = redactValue(item, expression, frame);
    if (kept !== undefined) items.push(kept);
  }
  return array(arrayOf(items));
}
