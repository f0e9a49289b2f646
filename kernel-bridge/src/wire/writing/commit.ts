import type { Commit, WriteOptions, Writer } from '@argon/wal-core';
import type { CommandContext } from '../context';
import type { WritePlace } from '../place';

/** Carries the result of a change that staged nothing out of the write, so that no frame is made for it. */
class NothingStaged<T> extends Error {
  constructor(readonly result: T) {
    super('nothing was staged');
  }
}

/**
 * Runs a change against the newest state and makes it durable. A change that comes to nothing writes nothing, not even
 * the reply of a retryable write: a retry tries it again, as in mongod. In a transaction it becomes durable with that.
 * Documents were checked when the message was read, and what updates make of them is made here.
 */
export async function commitChange<T>(
  context: CommandContext,
  { project, branch }: WritePlace,
  change: (writer: Writer) => T,
  options: WriteOptions = {}
): Promise<{ result: T; commit: Commit | undefined }> {
  if (context.transaction !== undefined) {
    return { result: await context.transaction.write(project, branch, change), commit: undefined };
  }
  try {
    return await context.services.engine.write(
      project,
      branch,
      context.origin,
      writer => {
        const result = change(writer);
        if (writer.staged === 0) {
          throw new NothingStaged(result);
        }
        return result;
      },
      { ...options, isChecked: true }
    );
  } catch (error) {
    if (error instanceof NothingStaged) {
      return { result: error.result as T, commit: undefined };
    }
    throw error;
  }
}
