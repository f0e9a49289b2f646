import { ArgonError } from '../../errors';
import type { IndexKeyMaker } from '../../index/keys';
import { sameImage } from '../../merge/threeway';
import type { Decision } from '../../merge/work';
import { CATALOG, collectionOf } from '../../read/catalog';
import { Pace } from '../../log/pace';
import type { View } from '../../read/snapshot';
import type { ScratchRoom } from '../../store/scratch';
import { checkNewIndexes } from '../../write/newindexes';
import type { Stage } from '../../write/stage';
import type { ReadyIndexes } from './brought';

/**
 * Stages what a plan decided: catalog entries that appear or change first, those that go last. What is too much to
 * hold goes ahead into the log.
 * Nothing else may write to the branch until it is committed.
 * @throws DUPLICATE_KEY, COLLECTION_EXISTS
 */
export async function stageDecisions(
  parts: { readonly keys: IndexKeyMaker; readonly scratch: ScratchRoom },
  stage: Stage,
  head: View,
  catalog: readonly Decision[],
  decisions: AsyncIterable<Decision>,
  ready: ReadyIndexes
): Promise<void> {
  for (const { item, result } of catalog) {
    if (result !== undefined && !sameImage(item.ours, result)) {
      stage.restoreCollection(result, (collection, index) => ready.idOf(collection, index));
    }
  }
  const pace = new Pace();
  for await (const decision of decisions) {
    stageDocument(stage, decision);
    if (stage.isHeavy) {
      await stage.goAhead();
    }
    if (pace.isDue) {
      await pace.rest();
    }
  }
  for (const { item, result } of catalog) {
    if (result === undefined && item.ours !== undefined) {
      stage.removeCollection(collectionOf(item.ours));
    }
  }
  stage.assertNames();
  await stage.assertUnique();
  for (const build of ready.builds) {
    stage.assertHeldOnce(build.collection, build.index, build.doubtful(), key => build.imageOf(key));
  }
  for (const { collection, indexes } of stage.newIndexes()) {
    await checkNewIndexes(parts, head, stage, collection, indexes);
  }
}

function stageDocument(stage: Stage, { item, result }: Decision): void {
  if (item.collection === CATALOG || sameImage(item.ours, result)) {
    return;
  }
  const collection = stage.collectionById(item.collection);
  if (collection === undefined) {
    throw new ArgonError(
      'COLLECTION_NOT_FOUND',
      `The collection ${item.collectionName} is not there on ${stage.branch}.`,
      { data: { collection: item.collectionName } }
    );
  }
  if (item.version !== undefined) {
    stage.hasRead(collection, item.key, item.version);
  }
  if (result === undefined) {
    stage.remove(collection, item.key);
  } else if (item.ours === undefined) {
    stage.insert(collection, result);
  } else {
    stage.replace(collection, item.key, result);
  }
}
