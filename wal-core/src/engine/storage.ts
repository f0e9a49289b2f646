import type { EngineStatus, Lsn } from '../api';
import type { StorageFigures } from '../keeping';
import { Pace } from '../log/pace';
import type { Core } from './core';

/** What an engine holds, as its parts know it without looking: O(projects). */
export function statusOf({ registry, log, store, unapplied, imageOffice, error }: Core): EngineStatus {
  return {
    projects: registry.projects().length,
    branches: registry.branchCount,
    logBytes: log.bytes,
    stateBytes: store.bytes(),
    pendingRecords: unapplied.records,
    images: imageOffice.status(),
    ...(error === undefined ? {} : { failed: error.message })
  };
}

/** Bytes on disk by kind, beside what the documents take: O(collections of the default branches). */
export async function storageOf(core: Core): Promise<StorageFigures> {
  const { registry, log, store, stats, catalogs } = core;
  const pace = new Pace();
  let live = 0;
  for (const project of registry.projects()) {
    const head = project.branches.get(project.defaultBranch)?.timeline;
    const lsn = (head?.durableHead ?? 0) as Lsn;
    for (const { id } of head === undefined ? [] : catalogs.at(head, lsn).list()) {
      live += stats.at(head!, lsn, id).bytes;
    }
    if (pace.isDue) {
      await pace.rest();
    }
  }
  const cold = log.closed(Infinity).reduce((sum, { isCold, bytes }) => sum + (isCold ? bytes : 0), 0);
  return {
    logBytes: log.bytes - cold,
    coldBytes: cold,
    stateBytes: store.bytes(),
    stateFreeBytes: store.freeBytes(),
    imageBytes: core.imageOffice.status().bytes,
    liveBytes: live
  };
}
