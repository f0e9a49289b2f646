import type { KeepingProgress, VerifyOptions, VerifyProblem, VerifyReport } from '../keeping';
import { Pace } from '../log/pace';
import type { TableName } from '../store/store';

const PROBLEMS_MAX_DEFAULT = 100;

/** Thrown to end a verification that has found enough. */
export class EnoughFound extends Error {}

/** What a verification has looked at and found so far. */
export class Findings {
  readonly problems: VerifyProblem[] = [];
  readonly checked = {
    segments: 0,
    logBytes: 0,
    frames: 0,
    records: 0,
    versions: 0,
    lineRows: 0,
    indexEntries: 0,
    collections: 0,
    rows: 0,
    images: 0
  };
  readonly pace: Pace;
  private readonly problemsMax: number;
  private readonly onProgress: (progress: KeepingProgress) => void;

  constructor({ signal, onProgress, problemsMax = PROBLEMS_MAX_DEFAULT }: VerifyOptions) {
    this.pace = new Pace(signal);
    this.problemsMax = problemsMax;
    this.onProgress = onProgress ?? (() => undefined);
  }

  /** @throws EnoughFound */
  add(problem: VerifyProblem): void {
    this.problems.push(problem);
    if (this.problems.length >= this.problemsMax) {
      throw new EnoughFound();
    }
  }

  /** A bad record of the log. */
  file(where: string, offset: number, what: string): void {
    this.add({ where, offset, what });
  }

  /** A bad row of the state. */
  row(table: TableName, key: Buffer, what: string): void {
    this.add({ where: `state:${table}`, key: key.toString('hex'), what });
  }

  progress(phase: string, done: number, total: number): void {
    this.onProgress({ phase, done, total: Math.max(done, total) });
  }

  report(isComplete: boolean): VerifyReport {
    return { problems: this.problems, isComplete, checked: { ...this.checked } };
  }
}

/** What went wrong, for a report. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
