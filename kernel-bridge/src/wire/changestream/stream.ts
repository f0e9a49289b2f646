import { field, type Pipeline, type PipelineContext } from '@argon/wal-core';
import { MongoError } from '../errors';
import type { LiveSource } from '../live-cursor';
import type { ChangeFeed } from './feed';

/** Stages that may follow `$changeStream`: those that look at one event at a time. */
const PERMITTED: ReadonlySet<string> = new Set([
  '$addFields',
  '$match',
  '$project',
  '$redact',
  '$replaceRoot',
  '$replaceWith',
  '$set',
  '$unset'
]);

/** Checks the stages behind `$changeStream`. @throws MongoError 20 */
export function checkStreamPipeline(pipeline: Pipeline): void {
  for (const { name } of pipeline.stages) {
    if (!PERMITTED.has(name)) {
      throw new MongoError('IllegalOperation', `${name} is not permitted in a $changeStream pipeline`);
    }
  }
}

/** Events of a feed, sent through the stages that follow `$changeStream`. */
export function changeStream(feed: ChangeFeed, pipeline: Pipeline, context: PipelineContext): LiveSource {
  return {
    async poll(waitMs, signal) {
      const deadline = performance.now() + waitMs;
      for (;;) {
        const events = await feed.poll(Math.max(0, deadline - performance.now()), signal);
        const results = await through(events);
        if (results.length > 0 || feed.isOver || performance.now() >= deadline) {
          return results;
        }
      }
    },
    get isOver() {
      return feed.isOver;
    },
    token: () => feed.token(),
    tokenOf: event => field(event, '_id')!.bytes
  };

  async function through(events: Buffer[]): Promise<readonly Buffer[]> {
    if (pipeline.stages.length === 0 || events.length === 0) {
      return events;
    }
    const tokens = new Set(events.map(event => field(event, '_id')!.bytes.toString('latin1')));
    const results: Buffer[] = [];
    for await (const batch of pipeline.run(once(events), context)) {
      results.push(...batch);
    }
    if (!results.every(event => tokens.has(field(event, '_id')?.bytes.toString('latin1') ?? ''))) {
      throw new MongoError(
        'ChangeStreamFatalError',
        'Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. ' +
          'Modifying the _id field of an event makes it impossible to resume the stream from that point.',
        { fields: { errorLabels: ['NonResumableChangeStreamError'] } }
      );
    }
    return results;
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield await Promise.resolve(value);
}
