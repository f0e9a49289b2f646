import type { Diff, DocumentDiff, Engine, Filter } from '@argon/wal-core';

/** Documents that differ and are looked at for one page: each costs two images. */
const LOOKED_MAX = 5_000;
/** Differences asked for at once. */
const STEP = 200;

/** How the answer to a filter differs between two states. */
export interface Comparison {
  readonly from: Diff['from'];
  readonly to: Diff['to'];
  readonly documents: readonly DocumentDiff[];
  readonly examined: number;
  readonly next: string | undefined;
}

/** What is compared. */
export interface ComparisonQuery {
  readonly project: string;
  readonly from: string;
  readonly to: string;
  readonly collection: string;
  readonly filter: Filter;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Walks what differs between two states and keeps what the filter shows of it on either side. The page ends at
 * `limit`, or earlier after `LOOKED_MAX` differences that the filter shows nothing of.
 */
export async function compareAnswers(
  engine: Pick<Engine, 'diff'>,
  { project, from, to, collection, filter, after, limit, signal }: ComparisonQuery
): Promise<Comparison> {
  const documents: DocumentDiff[] = [];
  let examined = 0;
  let next = after;
  for (;;) {
    // Never more than what is missing, so that a page ends where its mark says.
    const step = Math.min(STEP, limit - documents.length);
    const page: Diff = await engine.diff(project, from, to, {
      collection,
      limit: step,
      signal,
      ...(next === undefined ? {} : { after: next })
    });
    examined += page.documents.length;
    for (const document of page.documents) {
      const seen = asAnswered(document, filter);
      if (seen !== undefined) {
        documents.push(seen);
      }
    }
    next = page.next;
    if (next === undefined || documents.length >= limit || examined >= LOOKED_MAX) {
      return { from: page.from, to: page.to, documents, examined, next };
    }
  }
}

/** A difference as the answers show it; undefined when neither has the document. */
function asAnswered(document: DocumentDiff, filter: Filter): DocumentDiff | undefined {
  const { before, after } = document;
  const wasShown = before !== undefined && filter.matches(before);
  const isShown = after !== undefined && filter.matches(after);
  if (!wasShown && !isShown) {
    return undefined;
  }
  return { ...document, op: wasShown ? (isShown ? 'update' : 'delete') : 'insert' };
}
