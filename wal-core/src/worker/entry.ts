import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { ArgonError } from '../errors';
import { build } from '../image/build';
import type { ImageFacts } from '../image/writer';
import { FileLog } from '../log/file/log';
import { LmdbStore } from '../store/lmdb/store';
import type { WorkerReply, WorkerRequest, WorkerSetup } from './messages';

/*
 * A worker of the engine: reads the state and the log beside the main thread and writes image files.
 * It never writes the state: there is one lock for writers, and commits would wait for it.
 */

/** How long one view of the state is used; an old one keeps LMDB from using pages again. */
const VIEW_MS_MAX = 50;

const { directory } = workerData as WorkerSetup;
let store: LmdbStore | undefined;
const log = new FileLog(join(directory, 'log'));

async function obey({ build: task, cancelled, id }: WorkerRequest): Promise<ImageFacts> {
  store ??= LmdbStore.openReader(join(directory, 'state'));
  store.refresh();
  const steps = build(task, { store, readLog: (place, length) => log.read(place, length) });
  let viewed = performance.now();
  for (;;) {
    const step = await steps.next();
    if (step.done === true) {
      return step.value;
    }
    if (Atomics.load(cancelled, 0) !== 0) {
      await steps.return(undefined as never);
      throw new ArgonError('CANCELLED', 'The operation was cancelled.');
    }
    if (performance.now() - viewed > VIEW_MS_MAX) {
      store.refresh();
      viewed = performance.now();
      say({ id, progress: step.value });
    }
  }
}

function say(reply: WorkerReply): void {
  parentPort!.postMessage(reply);
}

parentPort?.on('message', (request: WorkerRequest) => {
  obey(request).then(
    result => say({ id: request.id, result }),
    (error: unknown) => {
      const known = error instanceof ArgonError ? error.toJSON() : undefined;
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      say({ id: request.id, error: known ?? { code: codeOf(error), message, data: {} } });
    }
  );
});

function codeOf(error: unknown): 'DISK_FULL' | 'INTERNAL' {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'DISK_FULL' : 'INTERNAL';
}
