import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { ArgonError } from '../errors';
import { isFullDisk } from '../faults';
import { build, type BuildTask } from '../image/build';
import type { ImageFacts } from '../image/writer';
import { FileLog } from '../log/file/log';
import { LineReader } from '../read/line';
import { Unapplied } from '../read/unapplied';
import { Versions } from '../read/versions';
import { LmdbStore } from '../store/lmdb/store';
import { IndexKeyMaker } from '../index/keys';
import { MultikeyIndexes } from '../index/multikey';
import { documentTest } from '../query';
import { changes } from './changes';
import { entries } from './entries';
import { WorkerFiles } from './files';
import type { Results, Task, WorkerReply, WorkerRequest, WorkerSetup } from './messages';
import { Pulse } from './pulse';
import { Rehearsal } from './rehearsal';
import { count, flow, scan, tally } from './reads';

/*
 * A worker of the engine: reads the state, the images and the log beside the main thread; what it writes are image
 * files alone. It never writes the state: there is one lock for writers, and commits would wait for it.
 * Several tasks are under way at a time, each for a few milliseconds.
 */

/** How long one view of the state is used; an old one keeps LMDB from using pages again. */
const VIEW_MS_MAX = 50;

/** How long image files stay open when nothing is to do: those that are removed meanwhile take room on the disk. */
const FILES_IDLE_MS = 1_000;

/** A worker that has had nothing to do for so long, in milliseconds, rehearses. */
const REHEARSAL_AFTER_MS = 100;

// Giving memory away for the first time throws out all compiled code that relied on nobody doing so; results are given
// away, and the second long read would be as slow as the first.
const given = new ArrayBuffer(1);
structuredClone(given, { transfer: [given] });

const { directory } = workerData as WorkerSetup;
const log = new FileLog(join(directory, 'log'));
const readLog = (place: Parameters<FileLog['read']>[0], length: number) => log.read(place, length);
const files = new WorkerFiles(join(directory, 'images'));
const pulses = new Map<number, Pulse>();
let store: LmdbStore | undefined;
let viewed = 0;
let closing: NodeJS.Timeout | undefined;

/** A view of everything that is applied by now. */
function freshStore(): LmdbStore {
  store ??= LmdbStore.openReader(join(directory, 'state'));
  store.refresh();
  viewed = performance.now();
  return store;
}

function refreshNowAndThen(): void {
  if (performance.now() - viewed > VIEW_MS_MAX) {
    freshStore();
  }
}

let rehearsal: Rehearsal | undefined = new Rehearsal();

/** A question at a time, as long as nobody else asks one. */
function rehearse(): void {
  if (pulses.size > 0 || rehearsal === undefined) {
    return;
  }
  rehearsal.round();
  if (rehearsal.isOver) {
    rehearsal = undefined;
    say({ isReady: true });
  } else {
    setImmediate(rehearse);
  }
}

function closeWhenIdle(): void {
  closing = undefined;
  if (pulses.size === 0) {
    files.close();
    store?.refresh();
  }
}

async function obey(task: Task, pulse: Pulse): Promise<Results[Task['kind']]> {
  const view = freshStore();
  if (task.kind === 'build') {
    return built(task.build, view, pulse);
  }
  if (task.kind === 'check') {
    return { damage: await damageOf(view, pulse) };
  }
  const ground = { versions: new Versions(view, new Unapplied(), readLog), files };
  switch (task.kind) {
    case 'changes':
      return changes(task, new LineReader(view), ground.versions, pulse);
    case 'scan':
      return scan(task, ground, pulse);
    case 'count':
      return count(task.read, task.most, ground, pulse);
    case 'tally':
      return tally(task, ground, pulse);
    case 'flow':
      return flow(task.read, task.shape, ground, pulse);
    case 'entries':
      return entries(task, new IndexKeyMaker(documentTest, new MultikeyIndexes()), ground, pulse);
  }
}

async function damageOf(view: LmdbStore, pulse: Pulse): Promise<string | undefined> {
  const steps = view.damage();
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        return step.value;
      }
      if (pulse.isDue) {
        await pulse.beat(step.value);
      }
    }
  } finally {
    steps.return(undefined);
  }
}

async function built(task: BuildTask, view: LmdbStore, pulse: Pulse): Promise<ImageFacts> {
  const steps = build(task, { store: view, readLog });
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done === true) {
        return step.value;
      }
      if (pulse.isDue) {
        await pulse.beat(step.value);
      }
    }
  } finally {
    // Leaves nothing of a build that was given up; one that is done has ended.
    await steps.return(undefined as never);
  }
}

// One that was started before there is work for it rehearses at once.
setTimeout(rehearse, REHEARSAL_AFTER_MS);

function say(reply: WorkerReply, transfer: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(reply, transfer);
}

/** Gives up what is under way, and ends the thread when nothing is. */
function end(): void {
  if (pulses.size === 0) {
    process.exit(0);
  }
  for (const pulse of pulses.values()) {
    pulse.cancel();
  }
  setImmediate(end);
}

parentPort?.on('message', (request: WorkerRequest) => {
  if ('end' in request) {
    if (request.end === 'sudden') {
      process.exit(1);
    }
    end();
    return;
  }
  const { id } = request;
  if ('go' in request) {
    pulses.get(id)?.go();
    return;
  }
  const pulse = new Pulse(id, request.cancelled, say, refreshNowAndThen);
  pulses.set(id, pulse);
  obey(request.task, pulse)
    .then(
      result => say({ id, result }, 'parcel' in result ? result.parcel.pieces : []),
      (error: unknown) => {
        const known = error instanceof ArgonError ? error.toJSON() : undefined;
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        say({ id, error: known ?? { code: codeOf(error), message, data: {} } });
      }
    )
    .finally(() => {
      pulses.delete(id);
      closing ??= setTimeout(closeWhenIdle, FILES_IDLE_MS);
      if (rehearsal !== undefined) {
        setTimeout(rehearse, REHEARSAL_AFTER_MS);
      }
    });
});

function codeOf(error: unknown): 'DISK_FULL' | 'INTERNAL' {
  return isFullDisk(error) ? 'DISK_FULL' : 'INTERNAL';
}
