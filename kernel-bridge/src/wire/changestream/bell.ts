import type { Engine } from '@argon/wal-core';

/** Rings when something was committed; listens from its making on. */
export class Bell {
  private rung = false;
  private ring: (() => void) | undefined;
  private readonly unsubscribe: () => void;
  private readonly onEvent = (): void => {
    this.rung = true;
    this.ring?.();
  };

  constructor(
    engine: Engine,
    private readonly signal: AbortSignal
  ) {
    this.unsubscribe = engine.subscribe(this.onEvent);
    signal.addEventListener('abort', this.onEvent);
  }

  /** Resolves at the first ring, or when the time is over. */
  async within(milliseconds: number): Promise<void> {
    if (this.rung) {
      return;
    }
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      this.ring = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.unsubscribe();
    this.signal.removeEventListener('abort', this.onEvent);
  }
}
