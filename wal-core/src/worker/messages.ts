import type { BuildTask } from '../image/build';
import type { ImageFacts } from '../image/writer';
import type { ErrorCode, ErrorData } from '../errors';

/** What a worker is told when it starts. */
export interface WorkerSetup {
  /** Data directory of the engine. */
  readonly directory: string;
}

/** Work for a worker. `cancelled` is shared memory: one 32-bit word, 1 when the work is to be given up. */
export interface WorkerRequest {
  readonly id: number;
  readonly build: BuildTask;
  readonly cancelled: Int32Array;
}

/** What a worker says about a request. */
export type WorkerReply =
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly result: ImageFacts }
  | {
      readonly id: number;
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly data: ErrorData };
    };
