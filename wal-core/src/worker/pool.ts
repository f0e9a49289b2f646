import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ArgonError } from '../errors';
import {
  WORKER_HEAP_MB_MAX,
  WORKER_IDLE_MS_MAX,
  WORKER_LAST_IDLE_MS_MAX,
  WORKER_TASKS_MAX,
  WORKER_YOUNG_MB_MAX,
  WORKERS_MAX
} from '../limits';
import type { BuildTask } from '../image/build';
import type { ImageFacts } from '../image/writer';
import type {
  EntriesPart,
  EntriesTask,
  FlowPart,
  Parts,
  Results,
  Task,
  WorkerReply,
  WorkerRequest,
  WorkerSetup
} from './messages';

/** Name of the worker's script beside a bundle of the engine. */
export const BUNDLED_WORKER = 'engine-worker.js';

/** Where a worker's script may be: beside the compiled code, beside a bundle, compiled when this runs from source. */
const SCRIPTS = [
  join(__dirname, 'entry.js'),
  join(__dirname, BUNDLED_WORKER),
  join(__dirname, '..', '..', 'dist', 'worker', 'entry.js')
];

/** Threads that are worth having on this machine. */
export function workersHere(): number {
  return Math.max(1, Math.min(WORKERS_MAX, availableParallelism()));
}

export interface TaskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** How long after the first image a second thread is started, in milliseconds: it does not slow down what is loaded. */
const WAKE_AFTER_MS = 2_000;

interface Job {
  readonly request: Extract<WorkerRequest, { readonly task: Task }>;
  readonly resolve: (result: Results[Task['kind']]) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((done: number) => void) | undefined;
  /** Takes the parts of what has any. */
  readonly onPart: ((part: FlowPart | EntriesPart) => void) | undefined;
  member: Member | undefined;
}

/** How long threads wait for work, in milliseconds: each, and the last one that is left. */
export interface IdleTimes {
  readonly each: number;
  readonly last: number;
}

const IDLE_TIMES: IdleTimes = { each: WORKER_IDLE_MS_MAX, last: WORKER_LAST_IDLE_MS_MAX };

interface Member {
  readonly worker: Worker;
  /** Work under way, by number: a worker does several tasks by turns. */
  readonly jobs: Map<number, Job>;
  /** Ends the thread when it has waited long enough. */
  idle: NodeJS.Timeout | undefined;
  /** Its code is loaded and compiled. */
  isReady: boolean;
}

/** Threads that read beside the main one. They are started when there is work, and end with `close`. */
export class WorkerPool {
  private readonly members = new Set<Member>();
  private readonly waiting = new Set<Job>();
  private next = 1;
  private isClosed = false;
  private flowCount = 0;

  private constructor(
    private readonly script: string,
    private readonly setup: WorkerSetup,
    readonly size: number,
    private readonly idle: IdleTimes
  ) {}

  /** Undefined where there is no script for workers: then the work is done in slices on the calling thread. */
  static of(
    directory: string,
    size = workersHere(),
    idle = IDLE_TIMES,
    script = SCRIPTS.find(path => existsSync(path))
  ): WorkerPool | undefined {
    return script === undefined ? undefined : new WorkerPool(script, { directory }, size, idle);
  }

  /** Threads that live now. */
  get threads(): number {
    return this.members.size;
  }

  /** Starts another thread beside the only one, if there may be more: the next long read finds it ready. */
  wake(): void {
    if (!this.isClosed && this.members.size === 1 && this.size > 1) {
      this.grow();
    }
  }

  /** Threads whose code is loaded and compiled: what is divided among them is done as many times faster. */
  get ready(): number {
    let count = 0;
    for (const { isReady } of this.members) {
      count += isReady ? 1 : 0;
    }
    return count;
  }

  /** Flows that have begun and not ended. */
  get flows(): number {
    return this.flowCount;
  }

  build(task: BuildTask, options: TaskOptions = {}): Promise<ImageFacts> {
    if (this.members.size === 0) {
      // Where there is enough for an image, long reads are to come.
      setTimeout(() => this.wake(), WAKE_AFTER_MS).unref();
    }
    return this.run({ kind: 'build', build: task }, options);
  }

  /** @throws CANCELLED, INTERNAL with data `{worker: true}` when the worker died, and what the work throws */
  run<T extends Task>(task: T, options: TaskOptions = {}): Promise<Results[T['kind']]> {
    return this.start(task, options).result;
  }

  /** The parts of a flow, each when it is asked for. Ends the flow when it is left. @throws as `run` */
  async *flow(task: Task & { kind: 'flow' }, options: TaskOptions = {}): AsyncGenerator<FlowPart> {
    this.flowCount++;
    try {
      yield* this.handedParts<'flow'>(task, options, false);
    } finally {
      this.flowCount--;
    }
  }

  /** The entries of an index; the worker makes the next part while one is taken. @throws as `run` */
  entries(task: EntriesTask, options: TaskOptions = {}): AsyncGenerator<EntriesPart> {
    return this.handedParts<'entries'>(task, options, true);
  }

  /** `ahead`: the next part may be made before it is asked for. */
  private async *handedParts<K extends keyof Parts>(
    task: Task & { kind: K },
    options: TaskOptions,
    ahead: boolean
  ): AsyncGenerator<Parts[K]> {
    let part: Parts[K] | undefined;
    let came: () => void = () => undefined;
    const { result, goOn, giveUp } = this.start(task, options, found => {
      part = found as Parts[K];
      came();
    });
    // It may fail while nobody waits for it.
    result.catch(() => undefined);
    try {
      for (;;) {
        const next = new Promise<void>(resolve => {
          came = resolve;
        });
        const last = part === undefined ? await Promise.race([result, next]) : undefined;
        if (last !== undefined) {
          yield last;
          return;
        }
        const found = part!;
        part = undefined;
        if (ahead) {
          goOn();
        }
        yield found;
        if (!ahead) {
          goOn();
        }
      }
    } finally {
      giveUp();
    }
  }

  /** Ends all threads at once, whatever they do; new ones are started for what waits. For tests. */
  async killAll(): Promise<void> {
    await Promise.all([...this.members].map(({ worker }) => endThread(worker, 'sudden')));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const job of this.waiting) {
      job.reject(cancelled());
    }
    this.waiting.clear();
    await Promise.all(
      [...this.members].map(async member => {
        this.end(member, cancelled());
        await endThread(member.worker, 'orderly');
      })
    );
  }

  private start<T extends Task>(
    task: T,
    { signal, onProgress }: TaskOptions,
    onPart?: (part: FlowPart | EntriesPart) => void
  ): { result: Promise<Results[T['kind']]>; goOn: () => void; giveUp: () => void } {
    if (this.isClosed || signal?.aborted === true) {
      return { result: Promise.reject(cancelled()), goOn: () => undefined, giveUp: () => undefined };
    }
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const id = this.next++;
    let job: Job | undefined;
    const goOn = () => job?.member?.worker.postMessage({ id, go: true });
    // The caller does not wait for the worker to notice.
    const giveUp = () => {
      Atomics.store(flag, 0, 1);
      goOn();
      job?.reject(cancelled());
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    const result = new Promise<Results[T['kind']]>((resolve, reject) => {
      job = {
        request: { id, task, cancelled: flag },
        resolve: resolve as Job['resolve'],
        reject,
        onProgress,
        onPart,
        member: undefined
      };
      this.waiting.add(job);
      this.assign();
    }).finally(() => {
      signal?.removeEventListener('abort', giveUp);
      if (job !== undefined) {
        this.waiting.delete(job);
      }
    });
    return { result, goOn, giveUp };
  }

  /** Gives waiting work to the members with the least to do. */
  private assign(): void {
    for (const job of this.waiting) {
      const free = [...this.members].sort((a, b) => a.jobs.size - b.jobs.size)[0];
      const isWorthOne = free === undefined || free.jobs.size > 0;
      const member = isWorthOne && this.members.size < this.size ? this.grow() : free;
      if (member === undefined || member.jobs.size >= WORKER_TASKS_MAX) {
        return;
      }
      this.waiting.delete(job);
      job.member = member;
      member.jobs.set(job.request.id, job);
      clearTimeout(member.idle);
      member.worker.ref();
      member.worker.postMessage(job.request);
    }
  }

  private grow(): Member {
    const worker = new Worker(this.script, {
      workerData: this.setup,
      resourceLimits: {
        maxOldGenerationSizeMb: WORKER_HEAP_MB_MAX,
        maxYoungGenerationSizeMb: WORKER_YOUNG_MB_MAX
      }
    });
    const member: Member = { worker, jobs: new Map(), idle: undefined, isReady: false };
    this.members.add(member);
    worker.on('message', (reply: WorkerReply) => this.hear(member, reply));
    const died = (cause?: unknown) => {
      this.end(
        member,
        new ArgonError('INTERNAL', 'A worker thread ended unexpectedly.', { data: { worker: true }, cause })
      );
      this.assign();
    };
    worker.on('error', died);
    worker.on('exit', () => died());
    return member;
  }

  private hear(member: Member, reply: WorkerReply): void {
    if ('isReady' in reply) {
      member.isReady = true;
      if (member.jobs.size === 0 && member.idle === undefined) {
        this.rest(member);
      }
      return;
    }
    const job = member.jobs.get(reply.id);
    if (job === undefined) {
      return;
    }
    if ('progress' in reply) {
      job.onProgress?.(reply.progress);
      return;
    }
    if ('part' in reply) {
      job.onPart?.(reply.part);
      return;
    }
    member.jobs.delete(reply.id);
    if (member.jobs.size === 0) {
      this.rest(member);
    }
    if ('result' in reply) {
      job.resolve(reply.result);
    } else {
      const { code, message, data } = reply.error;
      job.reject(new ArgonError(code, message, { data }));
    }
    this.assign();
  }

  /** A thread has nothing to do: it keeps no process alive, and ends when that goes on. */
  private rest(member: Member): void {
    member.worker.unref();
    member.idle = setTimeout(() => this.tire(member), this.idle.each).unref();
  }

  /** A thread has waited as long as each does. */
  private tire(member: Member): void {
    const { each, last } = this.idle;
    if (this.members.size > 1) {
      void this.retire(member);
    } else {
      member.idle = setTimeout(() => void this.retire(member), Math.max(0, last - each)).unref();
    }
  }

  private async retire(member: Member): Promise<void> {
    this.members.delete(member);
    await endThread(member.worker, 'orderly');
  }

  private end(member: Member, error: ArgonError): void {
    clearTimeout(member.idle);
    this.members.delete(member);
    const jobs = [...member.jobs.values()];
    member.jobs.clear();
    for (const job of jobs) {
      job.reject(error);
    }
  }
}

/**
 * Has a thread end itself, between two of its steps. Ended from outside (`terminate`) while it is in a call of a native
 * module, or loads one, it takes the whole process with it.
 */
async function endThread(worker: Worker, end: 'orderly' | 'sudden'): Promise<void> {
  if (worker.threadId < 0) {
    return;
  }
  const ended = new Promise<void>(resolve => {
    worker.once('exit', () => resolve());
  });
  worker.ref();
  worker.postMessage({ end } satisfies WorkerRequest);
  await ended;
}

function cancelled(): ArgonError {
  return new ArgonError('CANCELLED', 'The operation was cancelled.');
}
