import { LRUCache } from 'lru-cache';
import type { Answer, CollectionId, Conflict, DocumentDiff, PlanInfo, UndoSelector } from '../api';
import type { Project, Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { seenBy, includes } from '../branch/seen';
import { type ChangedKeys, sortedKeys } from '../diff/changed';
import { documentDiff } from '../diff/diff';
import { ArgonError } from '../errors';
import { SLICE_MS_MAX } from '../limits';
import { type Catalog, CATALOG, type Catalogs } from '../read/catalog';
import type { LineReader } from '../read/line';
import { nextTurn, type View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import { describeSelector, findUndone } from '../restore/undo';
import { type BaseParts, changedSinceBase, mergeBase } from './base';
import { answersOf, type StoredPlan } from './plan';
import { type Decision, decide, type WorkItem } from './work';

/** Name that catalog entries show in plans: no collection can have it. */
export const CATALOG_NAME = '(catalog)';

export interface PlannerParts {
  readonly line: LineReader;
  readonly versions: Versions;
  readonly registry: Registry;
  readonly catalogs: Catalogs;
}

/** The documents of a plan, decided with its answers. */
export interface EvaluatedPlan {
  readonly decisions: readonly Decision[];
  readonly summary: PlanInfo['summary'];
  readonly conflicts: readonly Conflict[];
  readonly unanswered: number;
}

/** Works out what plans would do. States are immutable, so a plan's documents can always be found again. */
export class Planner {
  private readonly items = new LRUCache<string, readonly WorkItem[]>({ max: 8 });

  constructor(private readonly parts: PlannerParts) {}

  /** @throws NOTHING_TO_DO when the target includes the source already */
  async mergeItems(
    project: Project,
    ours: View,
    theirs: View
  ): Promise<{ items: readonly WorkItem[]; base: string }> {
    const { line, registry } = this.parts;
    const ordinal = line.ordinalAt(ours.line, ours.lsn);
    if (includes(seenBy(project, ours.line, ours.lsn, ordinal), theirs.line, theirs.lsn)) {
      throw new ArgonError('NOTHING_TO_DO', `${ours.ref} includes every change of ${theirs.ref} already.`, {
        data: { source: theirs.ref, into: ours.ref }
      });
    }
    const nameOf = (timeline: Timeline) => registry.branchOf(timeline)?.name ?? `timeline-${timeline.id}`;
    const parts: BaseParts = { ...this.parts, nameOf };
    const base = mergeBase(parts, project, ours, theirs);
    const changed = await changedSinceBase(line, base, theirs);
    const items = await this.collect(changed, [ours.catalog, theirs.catalog], (collection, key) => ({
      base: base.image(collection, key),
      ours: this.parts.versions.get(ours.chain, collection, key),
      theirs: this.parts.versions.get(theirs.chain, collection, key),
      byField: true,
      isContested: false
    }));
    return { items, base: base.text };
  }

  /** @throws NOTHING_TO_DO, BAD_REQUEST */
  async undoItems(
    view: View,
    what: UndoSelector
  ): Promise<{ items: readonly WorkItem[]; base: string; source: string }> {
    const undone = await findUndone(this.parts, view, what);
    const names = [
      view.catalog,
      this.parts.catalogs.at(view.line, undone.lastLsn),
      this.parts.catalogs.at(view.line, undone.firstLsn)
    ];
    const items = undone.documents.map(document => {
      const ours = this.parts.versions.get(view.chain, document.collection, document.key);
      return {
        collection: document.collection,
        collectionName: nameIn(names, document.collection),
        key: document.key,
        base: document.after,
        ours,
        theirs: document.before,
        isContested: document.isMixed,
        byField: document.collection === CATALOG
      };
    });
    const source = `${describeSelector(what)}: ${undone.firstLsn}..${undone.lastLsn}`;
    return { items: items.sort(byPlace), base: `${view.branch ?? 'timeline'}@${undone.lastLsn}`, source };
  }

  private async collect(
    changed: ChangedKeys,
    catalogs: readonly Catalog[],
    images: (
      collection: CollectionId,
      key: Buffer
    ) => Pick<WorkItem, 'base' | 'ours' | 'theirs' | 'byField' | 'isContested'>
  ): Promise<readonly WorkItem[]> {
    const items: WorkItem[] = [];
    let deadline = performance.now() + SLICE_MS_MAX;
    for (const [collection, documents] of changed) {
      const collectionName = nameIn(catalogs, collection);
      for (const key of sortedKeys(documents)) {
        const item = { collection, collectionName, key, ...images(collection, key) };
        if (decide(item, new Map()) !== undefined) {
          items.push(item);
        }
        if (performance.now() > deadline) {
          await nextTurn();
          deadline = performance.now() + SLICE_MS_MAX;
        }
      }
    }
    return items.sort(byPlace);
  }

  /** Remembers the documents of a plan just made. */
  remember(project: Project, id: string, items: readonly WorkItem[]): void {
    this.items.set(`${project.id} ${id}`, items);
  }

  recall(project: Project, id: string): readonly WorkItem[] | undefined {
    return this.items.get(`${project.id} ${id}`);
  }
}

/** Decides every document of a plan with its answers. */
export function evaluate(items: readonly WorkItem[], plan: Pick<StoredPlan, 'answers'>): EvaluatedPlan {
  const answers: ReadonlyMap<string, Answer> = answersOf(plan as StoredPlan);
  const decisions = items.map(item => decide(item, answers)).filter(decision => decision !== undefined);
  const conflicts = decisions.flatMap(decision => decision.conflicts);
  const summary = new Map<
    string,
    { collection: string; added: number; changed: number; deleted: number; conflicts: number }
  >();
  for (const { item, result, conflicts: found } of decisions) {
    const row = summary.get(item.collectionName) ?? {
      collection: item.collectionName,
      added: 0,
      changed: 0,
      deleted: 0,
      conflicts: 0
    };
    summary.set(item.collectionName, row);
    row.conflicts += found.length;
    if (found.some(conflict => conflict.answer === undefined)) {
      continue;
    }
    if (item.ours === undefined && result !== undefined) {
      row.added++;
    } else if (item.ours !== undefined && result === undefined) {
      row.deleted++;
    } else if (item.ours !== undefined && result !== undefined && !item.ours.equals(result)) {
      row.changed++;
    }
  }
  return {
    decisions,
    summary: [...summary.values()],
    conflicts,
    unanswered: conflicts.filter(conflict => conflict.answer === undefined).length
  };
}

/** Documents as the plan would leave them, compared with the branch now. */
export function planDocument({ item, result }: Decision): DocumentDiff | undefined {
  return documentDiff(item.collectionName, item.key, item.ours, result);
}

function nameIn(catalogs: readonly Catalog[], id: CollectionId): string {
  if (id === CATALOG) {
    return CATALOG_NAME;
  }
  for (const catalog of catalogs) {
    const known = catalog.getById(id);
    if (known !== undefined) {
      return known.name;
    }
  }
  return `collection-${id}`;
}

/** The catalog first, then collections by name, documents by key. */
function byPlace(a: WorkItem, b: WorkItem): number {
  if (a.collection !== b.collection) {
    return a.collection === CATALOG || (b.collection !== CATALOG && a.collectionName < b.collectionName)
      ? -1
      : 1;
  }
  return Buffer.compare(a.key, b.key);
}
