import type { CollectionId, Conflict, DocumentDiff, PlanInfo } from '../api';
import { type Mark, type Start, startAt } from '../diff/mark';
import { documentDiff } from '../diff/diff';
import { ArgonError } from '../errors';
import { CATALOG, collectionOf } from '../read/catalog';
import { Pace } from '../log/pace';
import { keyText } from '../read/unapplied';
import type { StoredPlan } from './plan';
import { type Answers, answersOf } from './rules';
import type { PlanSource } from './source';
import { type Decision, decide } from './work';

/** What a plan does as a whole, decided with its answers. Its documents are decided again by whoever walks them. */
export interface EvaluatedPlan {
  /** Changes of the catalog: few, and some depend on all documents. */
  readonly catalog: readonly Decision[];
  /** What collections will be called that come with the plan: an answer may have chosen their name. */
  readonly names: ReadonlyMap<CollectionId, string>;
  readonly summary: PlanInfo['summary'];
  readonly conflicts: number;
  readonly unanswered: number;
}

type Row = { collection: string; added: number; changed: number; deleted: number; conflicts: number };

/** Decides every document of a plan once, in slices. */
export async function evaluate(
  source: PlanSource,
  plan: Pick<StoredPlan, 'answers' | 'rules'>
): Promise<EvaluatedPlan> {
  const answers = answersOf(plan);
  const summary = new Map<string, Row>();
  const figures = { conflicts: 0, unanswered: 0 };
  const growth = new Map<CollectionId, number>();
  const count = ({ item, result, conflicts }: Decision) => {
    const row = summary.get(item.collectionName) ?? {
      collection: item.collectionName,
      added: 0,
      changed: 0,
      deleted: 0,
      conflicts: 0
    };
    summary.set(item.collectionName, row);
    row.conflicts += conflicts.length;
    figures.conflicts += conflicts.length;
    const open = conflicts.filter(conflict => conflict.answer === undefined).length;
    figures.unanswered += open;
    if (open > 0) {
      return;
    }
    if (item.ours === undefined && result !== undefined) {
      row.added++;
    } else if (item.ours !== undefined && result === undefined) {
      row.deleted++;
    } else if (item.ours !== undefined && result !== undefined && !item.ours.equals(result)) {
      row.changed++;
    }
  };
  const needed = new Set<CollectionId>();
  for await (const decision of walk(source, answers)) {
    const { item, result } = decision;
    const more = (result === undefined ? 0 : 1) - (item.ours === undefined ? 0 : 1);
    growth.set(item.collection, (growth.get(item.collection) ?? 0) + more);
    if (result !== undefined) {
      needed.add(item.collection);
    }
    count(decision);
  }
  const documents = [...summary.values()];
  summary.clear();
  const entries = source
    .catalog()
    .map(item => decide(item, answers))
    .filter(decision => decision !== undefined);
  const catalog = withoutIdleSpares(withoutEarlyDrops(entries, growth), needed);
  catalog.forEach(count);
  const names = comingNames(catalog);
  for (const { id, name } of source.collections) {
    const row = documents.find(({ collection }) => collection === name);
    if (row !== undefined) {
      row.collection = names.get(id) ?? name;
    }
  }
  return { catalog, names, summary: [...summary.values(), ...documents], ...figures };
}

function comingNames(catalog: readonly Decision[]): Map<CollectionId, string> {
  const names = new Map<CollectionId, string>();
  for (const { item, result } of catalog) {
    if (item.ours === undefined && result !== undefined) {
      const { id, name } = collectionOf(result);
      names.set(id, name);
    }
  }
  return names;
}

/** Documents as they are decided, by collection name and key; the catalog is not among them. */
export async function* walk(source: PlanSource, answers: Answers, start?: Start): AsyncGenerator<Decision> {
  const first = start === undefined ? 0 : source.collections.findIndex(({ id }) => id === start.collection);
  if (first < 0) {
    throw new ArgonError('BAD_REQUEST', 'The page mark is not one that this plan has given.');
  }
  const pace = new Pace();
  for (const { id } of source.collections.slice(first)) {
    for (const item of source.documents(id, id === start?.collection ? start.from : undefined)) {
      const decision = decide(item, answers);
      if (decision !== undefined) {
        yield decision;
      }
      if (pace.isDue) {
        await pace.rest();
      }
    }
  }
}

/** All that a plan decides, the catalog first. */
export async function* decisions(
  source: PlanSource,
  plan: Pick<StoredPlan, 'answers' | 'rules'>,
  { catalog }: Pick<EvaluatedPlan, 'catalog'>,
  start?: Start
): AsyncGenerator<Decision> {
  if (start === undefined || start.collection === CATALOG) {
    yield* catalog.filter(({ item }) => start === undefined || Buffer.compare(item.key, start.from) >= 0);
    yield* walk(source, answersOf(plan));
    return;
  }
  yield* walk(source, answersOf(plan), start);
}

/** Where a decision stands among the others. */
export function placeOf({ item }: Decision): Mark {
  return { collection: item.collection, key: item.key };
}

/** Documents as the plan would leave them, compared with the branch now. */
export function planDocument(
  { item, result }: Decision,
  { names }: Pick<EvaluatedPlan, 'names'>
): DocumentDiff | undefined {
  const name = names.get(item.collection) ?? item.collectionName;
  return documentDiff(name, item.key, item.ours, result);
}

/** A collection stays while documents of it stay. */
function withoutEarlyDrops(
  entries: readonly Decision[],
  growth: ReadonlyMap<CollectionId, number>
): readonly Decision[] {
  return entries.flatMap(decision => {
    const { item, result, conflicts } = decision;
    if (item.dropped === undefined || result !== undefined) {
      return [decision];
    }
    const { id, documents } = item.dropped;
    if (documents + (growth.get(id) ?? 0) === 0) {
      return [decision];
    }
    return conflicts.length === 0 ? [] : [{ ...decision, result: item.ours }];
  });
}

/** Leaves out spare catalog entries of collections that get no document, or that come back anyhow. */
function withoutIdleSpares(
  entries: readonly Decision[],
  needed: ReadonlySet<CollectionId>
): readonly Decision[] {
  const restored = new Set<string>(
    entries
      .filter(({ item, result }) => result !== undefined && item.spareFor === undefined)
      .map(({ item }) => keyText(item.key))
  );
  return entries.filter(
    ({ item }) =>
      item.spareFor === undefined || (needed.has(item.spareFor) && !restored.has(keyText(item.key)))
  );
}

/** A conflict that was shown, with the place of its document. */
export interface ShownConflict {
  readonly id: string;
  /** Undefined when it is not remembered. */
  readonly place: Mark | undefined;
}

/** The conflicts behind one that was shown, at most `limit`. */
export async function conflictPage(
  source: PlanSource,
  plan: Pick<StoredPlan, 'answers' | 'rules'>,
  evaluated: Pick<EvaluatedPlan, 'catalog'>,
  after: ShownConflict | undefined,
  limit: number
): Promise<{ conflicts: readonly Conflict[]; last: ShownConflict | undefined }> {
  const conflicts: Conflict[] = [];
  let last: ShownConflict | undefined;
  let isBehind = after === undefined;
  // The document of the mark may have more conflicts: it is walked again.
  const start = after?.place === undefined ? undefined : startAt(after.place);
  for await (const decision of decisions(source, plan, evaluated, start)) {
    for (const conflict of decision.conflicts) {
      if (!isBehind) {
        isBehind = conflict.id === after?.id;
      } else if (conflicts.length === limit) {
        return { conflicts, last };
      } else {
        conflicts.push(conflict);
        last = { id: conflict.id, place: placeOf(decision) };
      }
    }
  }
  return { conflicts, last };
}
