import { compilePipeline, splitPipeline, type Snapshot } from '@argon/wal-core';
import { VIEW_DEPTH_MAX, viewOf } from './collection-kind';
import { MongoError } from './errors';

/** Checks the view that options define, if they do. @throws MongoError 5, 165, 167, and what its pipeline is refused for */
export function checkView(
  database: string,
  name: string,
  options: Buffer,
  snapshot: Snapshot | undefined
): void {
  const view = viewOf({ options });
  if (view === undefined) {
    return;
  }
  const { first, last, body } = splitPipeline(view.stages);
  const barred = last ?? first;
  if (barred !== undefined) {
    const at = last === undefined ? 0 : view.stages.length - 1;
    throw new MongoError(
      'OptionNotSupportedOnView',
      `Invalid pipeline for view ${database}.${name} :: caused by :: The aggregation stage ${barred.name} in location ` +
        `${at} of the pipeline cannot be used in the view definition of ${database}.${name} because it ` +
        (last === undefined ? 'is not about its documents' : 'writes to disk')
    );
  }
  const pipeline = compilePipeline(body);
  checkCycles(database, name, [view.on, ...pipeline.collections], snapshot);
}

/** A view must not lead back to itself, through its source or a `$lookup`. */
function checkCycles(
  database: string,
  name: string,
  sources: readonly string[],
  snapshot: Snapshot | undefined
): void {
  const walk = (source: string, path: readonly string[]): void => {
    const namespaces = [...path, source];
    if (source === name) {
      const shown = [name, ...namespaces].map(one => `${database}.${one}`).join(' => ');
      throw new MongoError('GraphContainsCycle', `View cycle detected: ${shown}`);
    }
    if (namespaces.length > VIEW_DEPTH_MAX) {
      throw new MongoError(
        'ViewDepthLimitExceeded',
        `View depth limit exceeded; maximum depth is ${VIEW_DEPTH_MAX}`
      );
    }
    const next = viewOf(snapshot?.collection(source));
    if (next !== undefined) {
      const { collections } = compilePipeline(next.stages);
      for (const further of [next.on, ...collections]) {
        walk(further, namespaces);
      }
    }
  };
  for (const source of sources) {
    walk(source, []);
  }
}
