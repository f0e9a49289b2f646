import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ArgonError } from '../errors';
import { WORKER_HEAP_MB_MAX, WORKER_IDLE_MS_MAX, WORKERS_MAX } from '../limits';
import type { BuildTask } from '../image/build';
import type { ImageFacts } from '../image/writer';
import type { WorkerReply, WorkerRequest, WorkerSetup } from './messages';

/** Name of the worker's script beside a bundle of the engine. */
export const BUNDLED_WORKER = 'engine-worker.js';

/** Where a worker's script may be: beside the compiled code, beside a bundle, compiled when this runs from source. */
const SCRIPTS = [
  join(__dirname, 'entry.js'),
  join(__dirname, BUNDLED_WORKER),
  join(__dirname, '..', '..', 'dist', 'worker', 'entry.js')
];

interface Job {
  readonly request: WorkerRequest;
  readonly resolve: (facts: ImageFacts) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((done: number) => void) | undefined;
}

interface Member {
  readonly worker: Worker;
  job: Job | undefined;
  /** Ends the thread when it has waited long enough. */
  idle: NodeJS.Timeout | undefined;
}

/** Threads that read beside the main one. They are started when there is work, and end with `close`. */
export class WorkerPool {
  private readonly members = new Set<Member>();
  private readonly waiting: Job[] = [];
  private next = 1;
  private isClosed = false;

  private constructor(
    private readonly script: string,
    private readonly setup: WorkerSetup,
    private readonly size: number
  ) {}

  /** Undefined where there is no script for workers: then the work is done in slices on the calling thread. */
  static of(directory: string, size = WORKERS_MAX): WorkerPool | undefined {
    const script = SCRIPTS.find(path => existsSync(path));
    return script === undefined ? undefined : new WorkerPool(script, { directory }, size);
  }

  /** Threads that live now. */
  get threads(): number {
    return this.members.size;
  }

  /** @throws CANCELLED, INTERNAL with data `{worker: true}` when the worker died, and what the work throws */
  build(
    task: BuildTask,
    options: { signal?: AbortSignal; onProgress?: (done: number) => void } = {}
  ): Promise<ImageFacts> {
    const { signal, onProgress } = options;
    if (this.isClosed || signal?.aborted === true) {
      return Promise.reject(cancelled());
    }
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const abort = () => Atomics.store(flag, 0, 1);
    signal?.addEventListener('abort', abort, { once: true });
    return new Promise<ImageFacts>((resolve, reject) => {
      const request = { id: this.next++, build: task, cancelled: flag };
      this.waiting.push({ request, resolve, reject, onProgress });
      this.start();
    }).finally(() => signal?.removeEventListener('abort', abort));
  }

  /** Ends all threads at once, whatever they do; new ones are started for what waits. For tests. */
  async killAll(): Promise<void> {
    await Promise.all([...this.members].map(({ worker }) => worker.terminate()));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const job of this.waiting.splice(0)) {
      job.reject(cancelled());
    }
    await Promise.all(
      [...this.members].map(async member => {
        this.end(member, cancelled());
        await member.worker.terminate();
      })
    );
  }

  private start(): void {
    while (this.waiting.length > 0) {
      const member =
        [...this.members].find(each => each.job === undefined) ??
        (this.members.size < this.size ? this.grow() : undefined);
      if (member === undefined) {
        return;
      }
      const job = this.waiting.shift()!;
      member.job = job;
      clearTimeout(member.idle);
      member.worker.ref();
      member.worker.postMessage(job.request);
    }
  }

  private grow(): Member {
    const worker = new Worker(this.script, {
      workerData: this.setup,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB_MAX }
    });
    const member: Member = { worker, job: undefined, idle: undefined };
    this.members.add(member);
    worker.on('message', (reply: WorkerReply) => this.hear(member, reply));
    const died = (cause?: unknown) => {
      this.end(
        member,
        new ArgonError('INTERNAL', 'A worker thread ended unexpectedly.', { data: { worker: true }, cause })
      );
      this.start();
    };
    worker.on('error', died);
    worker.on('exit', () => died());
    return member;
  }

  private hear(member: Member, reply: WorkerReply): void {
    const { job } = member;
    if (job?.request.id !== reply.id) {
      return;
    }
    if ('progress' in reply) {
      job.onProgress?.(reply.progress);
      return;
    }
    member.job = undefined;
    member.worker.unref();
    member.idle = setTimeout(() => void this.retire(member), WORKER_IDLE_MS_MAX).unref();
    if ('result' in reply) {
      job.resolve(reply.result);
    } else {
      const { code, message, data } = reply.error;
      job.reject(new ArgonError(code, message, { data }));
    }
    this.start();
  }

  private async retire(member: Member): Promise<void> {
    this.members.delete(member);
    await member.worker.terminate();
  }

  private end(member: Member, error: ArgonError): void {
    clearTimeout(member.idle);
    this.members.delete(member);
    const { job } = member;
    member.job = undefined;
    job?.reject(error);
  }
}

function cancelled(): ArgonError {
  return new ArgonError('CANCELLED', 'The operation was cancelled.');
}
