/**
 * The words of keeping a data directory: verifying it, collecting garbage, backing it up. Like `api.ts`
 * everything here is data or an interface.
 */

/** How far a long piece of work has come; `total` is what is known of it now. */
export interface KeepingProgress {
  /** What it works on, for people: `log`, `versions`, `indexes` … */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** Options of all long work. */
export interface KeepingOptions {
  /** @throws CANCELLED soon after it is aborted */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: KeepingProgress) => void;
}

export interface VerifyOptions extends KeepingOptions {
  /** Ends after this many problems; default 100. */
  readonly problemsMax?: number;
}

/** Something that is not as it must be. */
export interface VerifyProblem {
  /** A file inside the data directory (`log/00000001.log`), or a table of the state (`state:ver`). */
  readonly where: string;
  /** Of the first bad byte or record, in a file. */
  readonly offset?: number;
  /** Of the first bad row, in a table: hex. */
  readonly key?: string;
  readonly what: string;
}

export interface VerifyReport {
  /** In the order in which they were found; the first is where to look first. Empty: all is well. */
  readonly problems: readonly VerifyProblem[];
  /** False when it ended early because of too many problems. */
  readonly isComplete: boolean;
  /** What was looked at. */
  readonly checked: {
    readonly segments: number;
    readonly logBytes: number;
    readonly frames: number;
    readonly records: number;
    readonly versions: number;
    readonly lineRows: number;
    readonly indexEntries: number;
    readonly collections: number;
    readonly rows: number;
    readonly images: number;
  };
}
