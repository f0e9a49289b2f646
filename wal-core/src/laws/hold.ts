import { LmdbStore } from '../store/lmdb/store';

const held: (() => void)[] = [];

/**
 * Keeps everything written from now on out of the state until `release`, so that readers and checks
 * must live with what is only in memory.
 */
export function holdState(): { release: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the store it is asked of
  const write = LmdbStore.prototype.write;
  const spy = jest.spyOn(LmdbStore.prototype, 'write').mockImplementation(async function (
    this: LmdbStore,
    puts
  ) {
    await opened;
    await write.call(this, puts);
  });
  const release = () => {
    spy.mockRestore();
    open();
  };
  held.push(release);
  return { release };
}

/** Lets go of everything held, also by a test that failed. */
export function releaseStates(): void {
  for (const release of held.splice(0)) {
    release();
  }
}
