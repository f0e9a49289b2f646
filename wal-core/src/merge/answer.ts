import type { Answer, AnswerRule, Conflict, FieldValue } from '../api';
import { checkDocument, docKeyOf, documentOf, STORED_DEPTH_MAX } from '../bson';
import { CATALOG_NAME } from '../branch/names';
import { ArgonError } from '../errors';
import { PLAN_RULES_MAX } from '../limits';
import { isCatalogAnswer } from './work';

const OBJECT = 0x03;
const SIDES: readonly string[] = ['ours', 'theirs', 'base', 'newest'];

/** @throws BAD_REQUEST for an answer that is no document with this `_id`, or no entry of a catalog */
export function checkAnswer(conflict: Conflict, answer: Answer | undefined): void {
  if (answer === undefined) {
    return;
  }
  if (conflict.collection === CATALOG_NAME) {
    if (!isCatalogAnswer(conflict, answer)) {
      throw new ArgonError(
        'BAD_REQUEST',
        'A conflict about collections and indexes is answered with a side.',
        {
          data: { conflict: conflict.id }
        }
      );
    }
    return;
  }
  if ('take' in answer || answer.value === undefined) {
    return;
  }
  checkValue(answer.value, conflict.path.length);
  if (conflict.path.length > 0) {
    return;
  }
  if (answer.value.type !== OBJECT || !docKeyOf(answer.value.bytes).equals(conflict.key)) {
    throw new ArgonError(
      'BAD_REQUEST',
      'The answer to a conflict about a whole document is a document with the same _id.',
      {
        data: { conflict: conflict.id }
      }
    );
  }
}

/** @throws DOCUMENT_INVALID for what is no value, or is too deep where it would stand */
function checkValue({ type, bytes }: FieldValue, depth: number): void {
  // A whole document stands on its own.
  const isWhole = depth === 0 && type === OBJECT;
  checkDocument(isWhole ? bytes : documentOf([{ name: '', type, bytes }]), {
    maxDepth: isWhole ? STORED_DEPTH_MAX : STORED_DEPTH_MAX - depth
  });
}

/** @throws BAD_REQUEST, LIMIT_EXCEEDED */
export function checkRules(rules: readonly AnswerRule[] = []): void {
  if (rules.length > PLAN_RULES_MAX) {
    throw new ArgonError(
      'LIMIT_EXCEEDED',
      `A plan has at most ${PLAN_RULES_MAX} rules, not ${rules.length}.`,
      {
        data: { limit: PLAN_RULES_MAX, value: rules.length }
      }
    );
  }
  for (const { take } of rules) {
    if (!SIDES.includes(take)) {
      throw new ArgonError(
        'BAD_REQUEST',
        `A rule takes one of ${SIDES.join(', ')}, not ${JSON.stringify(take)}.`
      );
    }
  }
}
