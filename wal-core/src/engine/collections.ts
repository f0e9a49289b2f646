import type { CollectionInfo, Image, IndexInfo, Origin } from '../api';
import { field, keyPattern } from '../bson';
import { assertWritable, type Core } from './core';
import { ArgonError } from '../errors';
import { indexOf } from '../read/catalog';
import { checkNewIndexes } from '../write/newindexes';

const OBJECT = 0x03;

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
    await core.commit(project, stage, origin, { kind: 'catalog', atomic: true });
    await core.caughtUp();
    return true;
  });
  return made ?? createIndex(core, projectName, branchName, collectionName, spec, origin);
}

/** @throws BAD_REQUEST for a specification without a name or keys */
function requestedIndex(spec: Image): IndexInfo {
  const key = field(spec, 'key');
  const index = key?.type === OBJECT ? indexOf(0 as IndexInfo['id'], spec) : undefined;
  if (index === undefined || index.name === '' || keyPattern(index.key).paths.length === 0) {
    throw new ArgonError('BAD_REQUEST', 'An index needs a name and a key pattern such as {a: 1}.', {
      data: { mongoCode: 67, codeName: 'CannotCreateIndex' }
    });
  }
  return index;
}

/** True when the same index is there; an index of the same name or keys that differs is refused. */
function isKnown(collection: CollectionInfo, index: IndexInfo): boolean {
  const other = collection.indexes.find(known => known.name === index.name);
  const sameKeys = collection.indexes.find(known => known.key.equals(index.key) && sameOptions(known, index));
  if (other === undefined && sameKeys === undefined) {
    return false;
  }
  if (other !== undefined && other.key.equals(index.key) && sameOptions(other, index)) {
    return true;
  }
  const name = (other ?? sameKeys)!.name;
  throw new ArgonError(
    'INDEX_CONFLICT',
    other === undefined
      ? `An index with these keys exists already under the name ${name}.`
      : `An index called ${name} exists already with other keys or options.`,
    {
      data: {
        index: name,
        ...(other !== undefined && !other.key.equals(index.key)
          ? { mongoCode: 86, codeName: 'IndexKeySpecsConflict' }
          : { mongoCode: 85, codeName: 'IndexOptionsConflict' })
      }
    }
  );
}

function sameFilter(a: IndexInfo, b: IndexInfo): boolean {
  return (a.partialFilter?.toString('hex') ?? '') === (b.partialFilter?.toString('hex') ?? '');
}

function sameOptions(a: IndexInfo, b: IndexInfo): boolean {
  return a.unique === b.unique && a.sparse === b.sparse && sameFilter(a, b);
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
      }
    }
    stage.removeCollection(collection);
    await core.commit(project, stage, origin, { atomic: true, kind: 'catalog' });
    return true;
  });
  return dropped ?? dropCollection(core, projectName, branchName, collectionName, origin);
}
