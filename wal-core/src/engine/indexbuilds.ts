import type { CollectionInfo, IndexInfo, Origin } from '../api';
import type { Project, Timeline } from '../branch/model';
import { INDEX_BEHIND_MAX } from '../limits';
import type { Core, Reading } from './core';
import { type BuildOptions, IndexBuild } from './indexbuild';

/** Rounds of catching up that brought a build no nearer, after which it is plain that the writers are faster. */
const VAIN_ROUNDS_MAX = 3;
/** A round brings a build nearer when the next one has at most this part of its changes. */
const NEARER = 0.75;

/** The indexes that are being filled beside the writers. */
export class IndexBuilds {
  private readonly open = new Set<IndexBuild>();

  constructor(private readonly core: Core) {
    core.readers.push(() => this.held());
  }

  /** What builds go on from: the versions before the changes that they have not taken in. */
  private *held(): Generator<Reading> {
    for (const { timeline, position, index } of this.open) {
      yield { timeline, lsn: position, kind: 'index', name: index.name };
    }
  }

  /**
   * Begins a build under an id of its own. It must be ended with `end`, whatever becomes of it: garbage collection takes
   * the rows of one that came to nothing, and its id is never given again.
   */
  async begin(
    project: Project,
    timeline: Timeline,
    collection: CollectionInfo,
    wanted: IndexInfo,
    { origin, ...options }: BuildOptions & { readonly origin: Origin }
  ): Promise<IndexBuild> {
    const { core } = this;
    const { id, record } = core.registry.allocateIndex(project);
    timeline.building.add(id);
    try {
      await core.putRows([record], origin);
    } catch (error) {
      timeline.building.delete(id);
      throw error;
    }
    const build = new IndexBuild(core, timeline, collection, { ...wanted, id }, options);
    this.open.add(build);
    return build;
  }

  end(build: IndexBuild): void {
    this.open.delete(build);
    build.timeline.building.delete(build.index.id);
  }
}

/** Brings a filled build up to about the head, and looks for keys that several documents have. @throws DUPLICATE_KEY, DOCUMENT_INVALID, CANCELLED */
export async function makeReady(build: IndexBuild): Promise<void> {
  await comeClose(build);
  if (build.index.unique) {
    await build.checkUnique();
    await comeClose(build);
  }
}

/** Takes changes in until only a few are left, or until it is plain that the writers are faster. */
async function comeClose(build: IndexBuild): Promise<void> {
  let least = Infinity;
  for (let vain = 0; vain < VAIN_ROUNDS_MAX;) {
    const { behind } = build;
    await build.catchUp();
    build.checkAdded();
    if (behind <= INDEX_BEHIND_MAX) {
      return;
    }
    if (behind > least * NEARER) {
      vain++;
    }
    least = Math.min(least, behind);
  }
}
