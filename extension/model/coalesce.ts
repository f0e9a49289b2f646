/** Runs `task` once after a burst of requests: at the latest `waitMs` after the first one of the burst. */
export class Coalesced {
  constructor(task: () => void, waitMs: number) {
    this._task = task;
    this._waitMs = waitMs;
  }

  /** Asks for a run. */
  request(): void {
    this._timer ??= setTimeout(() => {
      this._timer = undefined;
      this._task();
    }, this._waitMs);
  }

  /** Forgets a run that was asked for. */
  cancel(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
  }

  private readonly _task: () => void;
  private readonly _waitMs: number;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
