import type { CollectionInfo, IndexId, IndexInfo, Origin } from '../../api';
import type { Project, Timeline } from '../../branch/model';
import { isArgonError } from '../../errors';
import { BROUGHT_INDEX_MS_MAX, BROUGHT_INDEXES_MAX, INDEX_AT_ONCE_DOCUMENTS_MAX } from '../../limits';
import { sameImage } from '../../merge/threeway';
import type { Decision } from '../../merge/work';
import { collectionOf } from '../../read/catalog';
import { hasIndex } from '../../write/stagedcatalog';
import type { Core } from '../core';
import type { IndexBuild } from '../indexbuild';
import { makeReady } from '../indexbuilds';

/** A build that waits for its plan to be tried again. */
interface Waiting {
  readonly build: IndexBuild;
  readonly timer: NodeJS.Timeout;
}

/**
 * Indexes that plans bring to large collections: they are filled beside the writers, before these are made to wait
 * while the plan is applied. Until the plan is applied no state has them. A writer who comes in between makes the plan
 * stale, as at any other time; then the index is kept for a while, so that the next plan finds it nearly up to date.
 */
export class BroughtIndexes {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly core: Core) {}

  /** @throws CANCELLED, HISTORY_GONE */
  async prepare(
    project: Project,
    timeline: Timeline,
    catalog: readonly Decision[],
    origin: Origin
  ): Promise<ReadyIndexes> {
    const builds: IndexBuild[] = [];
    try {
      for (const { collection, index } of broughtBy(catalog)) {
        const head = this.core.snapshot(project, timeline, timeline.durableHead);
        if ((await head.count(collection)) > INDEX_AT_ONCE_DOCUMENTS_MAX) {
          const build = await this.filled(project, timeline, collection, index, origin);
          if (build !== undefined) {
            builds.push(build);
          }
        }
      }
      return new ReadyIndexes(builds);
    } catch (error) {
      this.keep(builds);
      throw error;
    }
  }

  /** Undefined when only the plan's own changes can make the documents fit the index: it is checked with them. */
  private async filled(
    project: Project,
    timeline: Timeline,
    collection: CollectionInfo,
    index: IndexInfo,
    origin: Origin
  ): Promise<IndexBuild | undefined> {
    const known = this.take(nameOf(timeline, collection, index));
    const { builds } = this.core;
    const build = known ?? (await builds.begin(project, timeline, collection, index, { origin }));
    try {
      if (known === undefined) {
        await build.fill(project);
      }
      await makeReady(build);
      return build;
    } catch (error) {
      builds.end(build);
      if (isArgonError(error, 'DUPLICATE_KEY') || isArgonError(error, 'DOCUMENT_INVALID')) {
        return undefined;
      }
      throw error;
    }
  }

  /** The plan is applied, and its indexes are known to the catalog. */
  used({ builds }: ReadyIndexes): void {
    builds.forEach(build => this.core.builds.end(build));
  }

  /** The plan was refused. */
  keep(builds: readonly IndexBuild[]): void {
    for (const build of builds) {
      const name = nameOf(build.timeline, build.collection, build.index);
      this.drop(name);
      const timer = setTimeout(() => this.drop(name), BROUGHT_INDEX_MS_MAX).unref();
      this.waiting.set(name, { build, timer });
      const [oldest] = this.waiting.keys();
      if (this.waiting.size > BROUGHT_INDEXES_MAX) {
        this.drop(oldest!);
      }
    }
  }

  private take(name: string): IndexBuild | undefined {
    const found = this.waiting.get(name);
    clearTimeout(found?.timer);
    this.waiting.delete(name);
    return found?.build;
  }

  private drop(name: string): void {
    const build = this.take(name);
    if (build !== undefined) {
      this.core.builds.end(build);
    }
  }
}

/** The indexes of one plan that are filled up to about the head. */
export class ReadyIndexes {
  constructor(readonly builds: readonly IndexBuild[]) {}

  /** The id under which an index is filled. */
  idOf(collection: CollectionInfo, index: IndexInfo): IndexId | undefined {
    return this.builds.find(
      build => build.collection.id === collection.id && build.index.spec.equals(index.spec)
    )?.index.id;
  }

  /** For whoever holds the writers: takes in what is left. @throws DOCUMENT_INVALID */
  async catchUp(): Promise<void> {
    for (const build of this.builds) {
      await build.catchUp();
    }
  }

  /** The applier has nothing to fill any more. */
  settle(): void {
    for (const { timeline, index } of this.builds) {
      timeline.prebuilt.add(index.id);
    }
  }
}

/** Indexes that a plan puts into collections that are there. */
function* broughtBy(
  catalog: readonly Decision[]
): Generator<{ readonly collection: CollectionInfo; readonly index: IndexInfo }> {
  for (const { item, result } of catalog) {
    if (result !== undefined && item.ours !== undefined && !sameImage(item.ours, result)) {
      const collection = collectionOf(item.ours);
      for (const index of collectionOf(result).indexes) {
        if (!hasIndex(collection, index)) {
          yield { collection, index };
        }
      }
    }
  }
}

function nameOf({ id }: Timeline, collection: CollectionInfo, { spec }: IndexInfo): string {
  return `${id} ${collection.id} ${spec.toString('latin1')}`;
}
