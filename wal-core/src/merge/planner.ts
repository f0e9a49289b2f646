import { LRUCache } from 'lru-cache';
import type { CollectionId, Conflict, DocumentDiff, Lsn, PlanInfo, UndoSelector } from '../api';
import { docKeyOf } from '../bson';
import type { Project, Timeline } from '../branch/model';
import { CATALOG_NAME } from '../branch/names';
import type { Registry } from '../branch/registry';
import type { Reach } from '../branch/seen';
import { type ChangedKeys, sortedKeys } from '../diff/changed';
import { documentDiff } from '../diff/diff';
import { ArgonError } from '../errors';
import { SLICE_MS_MAX } from '../limits';
import { type Catalog, CATALOG, catalogImage, type Catalogs, collectionOf } from '../read/catalog';
import type { LineReader } from '../read/line';
import { nextTurn, type View } from '../read/snapshot';
import type { StatsReader } from '../read/stats';
import { keyText } from '../read/unapplied';
import type { Versions } from '../read/versions';
import { describeSelector, findUndone } from '../restore/undo';
import { type BaseParts, changedSinceBase, findBases, mergeBase } from './base';
import { answersOf, type StoredPlan } from './plan';
import { type Decision, decide, type WorkItem } from './work';

export interface PlannerParts {
  readonly line: LineReader;
  readonly versions: Versions;
  readonly registry: Registry;
  readonly catalogs: Catalogs;
  readonly stats: StatsReader;
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

  /** Where a merge starts. @throws NOTHING_TO_DO when the target includes the source already */
  mergeBases(project: Project, ours: View, theirs: View): readonly Reach[] {
    const bases = findBases(this.parts.line, project, ours, theirs);
    if (bases === undefined) {
      throw new ArgonError('NOTHING_TO_DO', `${ours.ref} includes every change of ${theirs.ref} already.`, {
        data: { source: theirs.ref, into: ours.ref }
      });
    }
    return bases;
  }

  async mergeItems(
    project: Project,
    ours: View,
    theirs: View,
    bases: readonly Reach[]
  ): Promise<{ items: readonly WorkItem[]; base: string }> {
    const { line, registry } = this.parts;
    const nameOf = (timeline: Timeline) => registry.branchOf(timeline)?.name ?? `timeline-${timeline.id}`;
    const parts: BaseParts = { ...this.parts, nameOf };
    const base = mergeBase(parts, project, bases);
    const changed = await changedSinceBase(line, base, theirs);
    const items = await this.collect(changed, [ours.catalog, theirs.catalog], (collection, key) => ({
      base: base.image(collection, key),
      ours: this.parts.versions.get(ours.chain, collection, key),
      theirs: this.parts.versions.get(theirs.chain, collection, key),
      byField: true,
      isContested: false
    }));
    return {
      items: this.withCounts([...this.spares(items, ours.catalog, [theirs.catalog]), ...items], ours),
      base: base.text
    };
  }

  /** @throws NOTHING_TO_DO, BAD_REQUEST */
  async undoItems(
    view: View,
    what: UndoSelector
  ): Promise<{ items: readonly WorkItem[]; base: string; source: string }> {
    const undone = await findUndone(this.parts, view, what);
    const catalogs = [
      view.catalog,
      this.parts.catalogs.at(view.line, undone.lastLsn),
      this.parts.catalogs.at(view.line, (undone.firstLsn - 1) as Lsn)
    ];
    const items = undone.documents.map(document => {
      const ours = this.parts.versions.get(view.chain, document.collection, document.key);
      return {
        collection: document.collection,
        collectionName: nameIn(catalogs, document.collection),
        key: document.key,
        base: document.after,
        ours,
        theirs: document.before,
        isContested: document.isMixed,
        byField: document.collection === CATALOG
      };
    });
    const source = `${describeSelector(what)}: ${undone.firstLsn}..${undone.lastLsn}`;
    return {
      items: this.withCounts([...this.spares(items, view.catalog, catalogs), ...items.sort(byPlace)], view),
      base: `${view.branch ?? 'timeline'}@${undone.lastLsn}`,
      source
    };
  }

  /** Notes how many documents of ours stand behind catalog entries that may go. */
  private withCounts(items: readonly WorkItem[], ours: View): WorkItem[] {
    return items.map(item => {
      if (item.collection !== CATALOG || item.ours === undefined || item.theirs !== undefined) {
        return item;
      }
      const { id } = collectionOf(item.ours);
      const { count } = this.parts.stats.at(ours.line, ours.lsn, id);
      return { ...item, dropped: { id, documents: count } };
    });
  }

  /** Catalog entries of collections that are gone from our side, for the case that a document of them returns. */
  private spares(items: readonly WorkItem[], ours: Catalog, others: readonly Catalog[]): WorkItem[] {
    const gone = new Set(items.map(item => item.collection).filter(id => id !== CATALOG));
    const spares: WorkItem[] = [];
    for (const id of gone) {
      const known = others.map(catalog => catalog.getById(id)).find(found => found !== undefined);
      if (ours.getById(id) === undefined && known !== undefined) {
        const theirs = catalogImage(known);
        spares.push({
          collection: CATALOG,
          collectionName: CATALOG_NAME,
          key: docKeyOf(theirs),
          base: undefined,
          ours: undefined,
          theirs,
          byField: true,
          isContested: false,
          spareFor: id
        });
      }
    }
    return spares;
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
export function evaluate(
  items: readonly WorkItem[],
  plan: Pick<StoredPlan, 'answers' | 'rule'>
): EvaluatedPlan {
  const answers = answersOf(plan);
  const decisions = withoutIdleSpares(
    withoutEarlyDrops(items.map(item => decide(item, answers)).filter(decision => decision !== undefined))
  );
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

/** A collection stays while documents of it stay. */
function withoutEarlyDrops(decisions: readonly Decision[]): readonly Decision[] {
  const growth = new Map<CollectionId, number>();
  for (const { item, result } of decisions) {
    const more = (result === undefined ? 0 : 1) - (item.ours === undefined ? 0 : 1);
    growth.set(item.collection, (growth.get(item.collection) ?? 0) + more);
  }
  return decisions.flatMap(decision => {
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
function withoutIdleSpares(decisions: readonly Decision[]): readonly Decision[] {
  const needed = new Set<CollectionId>();
  const restored = new Set<string>();
  for (const { item, result } of decisions) {
    if (result !== undefined && item.spareFor === undefined) {
      needed.add(item.collection);
      if (item.collection === CATALOG) {
        restored.add(keyText(item.key));
      }
    }
  }
  return decisions.filter(
    ({ item }) =>
      item.spareFor === undefined || (needed.has(item.spareFor) && !restored.has(keyText(item.key)))
  );
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
