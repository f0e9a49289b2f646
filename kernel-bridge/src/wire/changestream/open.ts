import type { Pipeline, StageSpec } from '@argon/wal-core';
import { listSource } from '../commands/indexes';
import { queryOptions } from '../compile';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import type { LiveSource } from '../live-cursor';
import { ChangeFeed } from './feed';
import { readStreamRequest } from './request';
import { scopeOf } from './scope';
import { changeStream } from './stream';

/** Opens what a pipeline that begins with `$changeStream` asks. @throws MongoError 72, 260, 286 and those of its options */
export function openChangeStream(
  context: CommandContext,
  stage: StageSpec,
  collection: string | undefined,
  pipeline: Pipeline
): LiveSource {
  const { level } = context.readConcern;
  if (level !== undefined && level !== 'majority') {
    throw new MongoError(
      'InvalidOptions',
      `$changeStream cannot run with a '${level}' readConcern; the only supported readConcern is majority`
    );
  }
  const request = readStreamRequest(stage);
  const scope = scopeOf(context, collection, request.allChangesForCluster);
  const feed = new ChangeFeed(context.services.engine, scope, request);
  return changeStream(feed, pipeline, {
    ...queryOptions(context.args),
    // No permitted stage reads another collection.
    collection: () => listSource([]),
    signal: context.operation.signal
  });
}
