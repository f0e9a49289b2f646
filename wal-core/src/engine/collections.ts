import type { CollectionInfo, Image, IndexInfo, Origin } from '../api';
import type { Branch, Project } from '../branch/model';
import { ArgonError } from '../errors';
import { INDEX_AT_ONCE_DOCUMENTS_MAX } from '../limits';
import { nextTurn, throwIfAborted } from '../log/pace';
import { isKnown, requestedIndex } from '../write/indexspec';
import { checkNewIndexes } from '../write/newindexes';
import type { Stage } from '../write/stage';
import type { Core } from './core';
import { checkTxn } from './given';
import { assertWritable } from './writers';
import type { BuildOptions, IndexBuild } from './indexbuild';
import { makeReady } from './indexbuilds';

interface Wanted {
  readonly project: string;
  readonly branch: string;
  readonly collection: string;
  readonly index: IndexInfo;
  readonly origin: Origin;
  readonly options: BuildOptions;
}

/**
 * Makes a secondary index: at once on few documents; on many it is filled beside the writers, who wait only while the
 * last changes are taken in and the catalog is changed. False when the same index is there.
 * @throws INDEX_CONFLICT, DUPLICATE_KEY, DOCUMENT_INVALID, LIMIT_EXCEEDED, CANCELLED
 */
export async function createIndex(
  core: Core,
  project: string,
  branch: string,
  collection: string,
  spec: Image,
  origin: Origin,
  options: BuildOptions = {}
): Promise<boolean> {
  const wanted = { project, branch, collection, index: requestedIndex(spec), origin, options };
  for (;;) {
    throwIfAborted(options.signal);
    const target = await core.writers.branch(project, branch);
    assertWritable(target.branch);
    const head = core.resolve(project, branch);
    const seen = target.branch.timeline.head;
    const known = core.stage(target.project, target.branch).collection(collection);
    if (known !== undefined && isKnown(known, wanted.index)) {
      await core.durable(target.branch.timeline, seen);
      return false;
    }
    const isThere = known !== undefined && head.catalog.getById(known.id) !== undefined;
    const isLarge = isThere && (await head.count(known)) > INDEX_AT_ONCE_DOCUMENTS_MAX;
    const made = isLarge
      ? await createOnline(core, wanted, target, known)
      : await createAtOnce(core, wanted, target.branch);
    if (made !== undefined) {
      return made;
    }
    // The branch or the collection is another one by now.
  }
}

/** Writers of the branch wait while the keys are checked; the entries are made when the catalog change is applied. */
function createAtOnce(core: Core, wanted: Wanted, branch: Branch): Promise<boolean | undefined> {
  const { index, origin } = wanted;
  return core.writers.lock(branch.timeline).run(async () => {
    await core.log.settled();
    const project = core.registry.project(wanted.project);
    const current = core.registry.branch(project, wanted.branch);
    if (current.timeline !== branch.timeline) {
      return undefined;
    }
    assertWritable(current);
    const stage = core.stage(project, current);
    const collection = stage.ensureCollection(wanted.collection);
    if (isKnown(collection, index)) {
      return false;
    }
    const head = core.resolve(wanted.project, wanted.branch);
    await checkNewIndexes(core, head, stage, collection, [index]);
    // Nothing was written meanwhile: writers of this timeline wait for the lock.
    stage.addIndex(collection, id => {
      const made = { ...index, id };
      core.keys.multikey.adopt(made, index);
      return made;
    });
    await core.commit([{ project, stage }], origin, { kind: 'catalog', atomic: true });
    await core.caughtUp();
    return true;
  });
}

async function createOnline(
  core: Core,
  wanted: Wanted,
  { project, branch: { timeline } }: { project: Project; branch: Branch },
  collection: CollectionInfo
): Promise<boolean | undefined> {
  const { index, origin, options } = wanted;
  const build = await core.builds.begin(project, timeline, collection, index, { ...options, origin });
  try {
    await build.fill(project);
    await makeReady(build);
    throwIfAborted(options.signal);
    const committed = await core.writers.lock(timeline).run(() => finish(core, wanted, build));
    return typeof committed === 'object' ? await committed.done : committed;
  } finally {
    core.builds.end(build);
  }
}

/** The writers wait: the last changes, then the catalog. They go on once that is queued, for then they see it. */
async function finish(
  core: Core,
  wanted: Wanted,
  build: IndexBuild
): Promise<false | undefined | { readonly done: Promise<true> }> {
  const { timeline, index } = build;
  await nextTurn();
  await core.log.settled();
  const project = core.registry.project(wanted.project);
  const branch = core.registry.branch(project, wanted.branch);
  if (branch.timeline !== timeline) {
    return undefined;
  }
  assertWritable(branch);
  const stage = core.stage(project, branch);
  const collection = stage.collection(wanted.collection);
  if (collection === undefined || collection.id !== build.collection.id) {
    return undefined;
  }
  if (isKnown(collection, index)) {
    return false;
  }
  await build.catchUp();
  if (index.unique) {
    build.assertUnique();
  }
  stage.addBuiltIndex(collection, index);
  timeline.prebuilt.add(index.id);
  const done = core.commit([{ project, stage }], wanted.origin, { kind: 'catalog', atomic: true });
  // Who waits for it is told; here it only must not go unheard.
  done.catch(() => undefined);
  return { done: done.then(() => true as const) };
}

/**
 * Drops a collection: every document and the catalog entry, as one atomic commit, so that the
 * drop can be undone like any other change. False when there is no such collection.
 * @throws COLLECTION_NOT_FOUND when there is none to replace it, BAD_REQUEST when it is to replace itself
 */
export async function dropCollection(
  core: Core,
  projectName: string,
  branchName: string,
  collectionName: string,
  origin: Origin,
  options: { readonly txn?: string; readonly replacedBy?: string }
): Promise<boolean> {
  const { txn, replacedBy } = options;
  checkTxn(txn);
  if (replacedBy === collectionName) {
    throw new ArgonError('BAD_REQUEST', `The collection "${collectionName}" cannot replace itself.`, {
      data: { collection: collectionName }
    });
  }
  const { branch } = await core.writers.branch(projectName, branchName);
  assertWritable(branch);
  const dropped = await core.writers.lock(branch.timeline).run(async () => {
    const project = core.registry.project(projectName);
    const current = core.registry.branch(project, branchName);
    if (current.timeline !== branch.timeline) {
      return undefined;
    }
    await core.log.settled();
    const view = core.resolve(projectName, branchName);
    const collection = view.collection(collectionName);
    if (collection === undefined) {
      return false;
    }
    const stage = core.stage(project, current);
    try {
      const successor = replacedBy === undefined ? undefined : replacing(stage, replacedBy);
      for await (const batch of view.scan(collection)) {
        for (const key of batch.keys) {
          stage.remove(collection, key);
          if (stage.isHeavy) {
            await stage.goAhead();
          }
        }
      }
      stage.removeCollection(collection);
      if (successor !== undefined) {
        stage.renameCollection(successor, collectionName);
      }
      await stage.finish();
      const label = txn === undefined ? {} : { txn };
      await core.commit([{ project, stage }], origin, { atomic: true, kind: 'catalog', ...label });
    } finally {
      stage.close();
    }
    return true;
  });
  return dropped ?? dropCollection(core, projectName, branchName, collectionName, origin, options);
}

/** @throws COLLECTION_NOT_FOUND */
function replacing(stage: Stage, name: string): CollectionInfo {
  const collection = stage.collection(name);
  if (collection === undefined) {
    throw new ArgonError('COLLECTION_NOT_FOUND', `There is no collection called "${name}".`, {
      data: { collection: name }
    });
  }
  return collection;
}
