import type { Answer, Conflict } from '../client/protocol';

/** The conflicts of one document. */
export interface IConflictDocument {
  readonly key: string;
  readonly collection: string;
  readonly document: unknown;
  readonly conflicts: readonly Conflict[];
  readonly answered: number;
}

/** Groups conflicts by document, in the order in which they come. */
export function byDocument(conflicts: readonly Conflict[]): readonly IConflictDocument[] {
  const groups = new Map<string, Conflict[]>();
  for (const conflict of conflicts) {
    const key = documentKey(conflict);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [conflict]);
    } else {
      group.push(conflict);
    }
  }
  return [...groups].map(([key, group]) => ({
    key,
    collection: group[0]!.collection,
    document: group[0]!.document,
    conflicts: group,
    answered: group.filter(conflict => conflict.answer !== undefined).length
  }));
}

/** What names a document across plans. */
export function documentKey(of: Pick<Conflict, 'collection' | 'document'>): string {
  return JSON.stringify([of.collection, of.document]);
}

/** How a conflict was answered. */
export function answerKind(answer: Answer | undefined): 'ours' | 'theirs' | 'base' | 'own' | 'open' {
  return answer === undefined ? 'open' : (answer.take ?? 'own');
}

/**
 * Answers of an old plan that hold for a new one: the same question is asked, of the same values. What has
 * changed under an answer is asked again.
 */
export function keptAnswers(
  old: readonly Conflict[],
  fresh: readonly Conflict[]
): readonly { readonly conflict: string; readonly answer: Answer }[] {
  const known = new Map(old.map(conflict => [questionKey(conflict), conflict.answer]));
  return fresh.flatMap(conflict => {
    const answer = known.get(questionKey(conflict));
    return answer === undefined ? [] : [{ conflict: conflict.id, answer }];
  });
}

function questionKey(conflict: Conflict): string {
  const { collection, document, path, ours, theirs } = conflict;
  return JSON.stringify([collection, document, path, ours, theirs]);
}
