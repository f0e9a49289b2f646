import type { Answer, AnswerRule, FieldPath } from '../api';
import type { StoredPlan } from './plan';
import { readAnswer } from './plan';

/** What an answer by rule is chosen by. */
export interface Question {
  readonly id: string;
  readonly collection: string;
  readonly path: FieldPath;
  /** The side that changed the path last. */
  readonly newest: () => 'ours' | 'theirs';
}

/** Answers to conflicts. */
export interface Answers {
  get(question: Question): Answer | undefined;
}

export const NO_ANSWERS: Answers = { get: () => undefined };

/** An answer of a conflict's own wins; then the last rule that fits. */
export function answersOf({ answers, rules = [] }: Pick<StoredPlan, 'answers' | 'rules'>): Answers {
  const given = new Map(answers.map(({ conflict, answer }) => [conflict, answer]));
  return {
    get: question => {
      const own = given.get(question.id);
      if (own !== undefined) {
        return readAnswer(own);
      }
      const rule = rules.findLast(candidate => fits(candidate, question));
      if (rule === undefined) {
        return undefined;
      }
      return { take: rule.take === 'newest' ? question.newest() : rule.take };
    }
  };
}

function fits({ collection, path = [] }: AnswerRule, question: Question): boolean {
  return (
    (collection === undefined || collection === question.collection) &&
    path.every((name, i) => name === question.path[i])
  );
}
