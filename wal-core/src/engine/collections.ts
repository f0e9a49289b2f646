import type { Image, Origin } from '../api';
import { isKnown, requestedIndex } from '../write/indexspec';
import { checkNewIndexes } from '../write/newindexes';
import { assertWritable, type Core } from './core';

/**
 * Makes a secondary index. Writers of the branch wait while its keys are checked; the entries are
 * filled in from the state when the catalog change is applied.
 * @throws INDEX_CONFLICT, DUPLICATE_KEY, COLLECTION_NOT_FOUND, LIMIT_EXCEEDED
 */
export async function createIndex(
  core: Core,
  projectName: string,
  branchName: string,
  collectionName: string,
  spec: Image,
  origin: Origin
): Promise<boolean> {
  const index = requestedIndex(spec);
  const { branch } = await core.writableBranch(projectName, branchName);
  assertWritable(branch);
  const made = await core.timelineLock(branch.timeline).run(async () => {
    const project = core.registry.project(projectName);
    const current = core.registry.branch(project, branchName);
    if (current.timeline !== branch.timeline) {
      return undefined;
    }
    await core.log.settled();
    const stage = core.stage(project, current);
    const collection = stage.ensureCollection(collectionName);
    if (isKnown(collection, index)) {
      return false;
    }
    const head = core.resolve(projectName, branchName);
    await checkNewIndexes(core.keys, head, stage, collection, [index]);
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
  return made ?? createIndex(core, projectName, branchName, collectionName, spec, origin);
}

/**
 * Drops a collection: every document and the catalog entry, as one atomic commit, so that the
 * drop can be undone like any other change. False when there is no such collection.
 */
export async function dropCollection(
  core: Core,
  projectName: string,
  branchName: string,
  collectionName: string,
  origin: Origin
): Promise<boolean> {
  const { branch } = await core.writableBranch(projectName, branchName);
  assertWritable(branch);
  const dropped = await core.timelineLock(branch.timeline).run(async () => {
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
    for await (const batch of view.scan(collection)) {
      for (const key of batch.keys) {
        stage.remove(collection, key);
        if (stage.isHeavy) {
          await stage.goAhead();
        }
      }
    }
    stage.removeCollection(collection);
    await stage.finish();
    await core.commit([{ project, stage }], origin, { atomic: true, kind: 'catalog' });
    return true;
  });
  return dropped ?? dropCollection(core, projectName, branchName, collectionName, origin);
}
