import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { WriteOptions } from '@argon/wal-core';
import { refuseView } from '../collection-kind';
import type { CommandContext } from '../context';
import { SLICES_IN_FLIGHT_MAX, WRITE_SLICE_BYTES_MAX, WRITE_SLICE_MAX } from '../limits';
import { retryKey, statementId, type Outcome } from '../retry';
import { commitChange } from './commit';
import { BatchResult, type BatchTarget } from './batch-result';
import { toStored } from './document';
import { statementFailure, writeErrorEntry } from './failure';
import { InFlight } from './in-flight';
import { SLICE, emptySlice, type SliceResult } from './slice';
import { checkValidator } from './validator';

/** Inserts documents in order, many to a frame. */
export async function runInserts(
  context: CommandContext,
  target: BatchTarget,
  documents: readonly Buffer[]
): Promise<BatchResult> {
  const result = new BatchResult(context, target.collection);
  const state = { stopped: false };
  const inFlight = new InFlight<Outcome<SliceResult>>(SLICES_IN_FLIGHT_MAX, ({ result: slice, retried }) => {
    result.add(slice, retried);
    state.stopped ||= slice.stopped;
  });
  try {
    for (let start = 0; start < documents.length && !state.stopped;) {
      context.operation.check();
      const first = start;
      const end = endOfSlice(documents, first);
      await inFlight.add(
        context.services.retries.once(retryKey(context.retry, first), SLICE, (options, settle) =>
          insertSlice(context, target, documents.slice(first, end), first, state, options, settle)
        )
      );
      start = end;
      if (start < documents.length) {
        await yieldToLoop();
      }
    }
    await inFlight.drain();
  } catch (error) {
    await inFlight.abandon();
    throw error;
  }
  return result;
}

function endOfSlice(documents: readonly Buffer[], start: number): number {
  let bytes = 0;
  let end = start;
  while (
    end < documents.length &&
    end - start < WRITE_SLICE_MAX &&
    (end === start || bytes < WRITE_SLICE_BYTES_MAX)
  ) {
    bytes += documents[end]!.length;
    end++;
  }
  return end;
}

async function insertSlice(
  context: CommandContext,
  target: BatchTarget,
  documents: readonly Buffer[],
  first: number,
  state: { stopped: boolean },
  options: WriteOptions,
  settle: (slice: SliceResult) => void
): Promise<SliceResult> {
  const { place, ordered, collection: name, terms } = target;
  const namespace = `${context.database}.${name}`;
  const { result, commit } = await commitChange(
    context,
    place,
    writer => {
      const slice = emptySlice();
      if (state.stopped) {
        slice.stopped = true;
        settle(slice);
        return slice;
      }
      for (let at = 0; at < documents.length; at++) {
        const index = first + at;
        try {
          const document = toStored(documents[at]!, terms.nextTimestamp);
          const collection = writer.ensureCollection(name);
          refuseView(context.database, name, collection);
          checkValidator(terms, collection, document);
          writer.insert(collection, document);
          terms.cap?.inserted(writer, collection, document);
          slice.n++;
          slice.inserts++;
          if (context.retry !== undefined) {
            slice.statements.push(statementId(context.retry, index));
          }
        } catch (error) {
          slice.writeErrors.push(writeErrorEntry(index, statementFailure(error, namespace)));
          if (ordered) {
            slice.stopped = true;
            state.stopped = true;
            break;
          }
        }
      }
      settle(slice);
      return slice;
    },
    options
  );
  return { ...result, commit };
}
