import { LmdbStore } from '../store/lmdb/store';

/** Methods of the store that look something up. */
const READS = Object.getOwnPropertyNames(LmdbStore.prototype).filter(
  name => !['constructor', 'write', 'bytes', 'close'].includes(name)
) as ('get' | 'range')[];

/** How often the store is asked while `work` runs. */
export async function seeksOf(work: () => unknown): Promise<number> {
  const spies = READS.map(name => jest.spyOn(LmdbStore.prototype, name));
  try {
    await work();
    return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  } finally {
    for (const spy of spies) {
      spy.mockRestore();
    }
  }
}

/** What `work` puts into the store and the log. */
export async function footprintOf(
  logBytes: () => number,
  work: () => Promise<unknown>
): Promise<{ puts: number; logBytes: number }> {
  const spy = jest.spyOn(LmdbStore.prototype, 'write');
  const before = logBytes();
  try {
    await work();
    const puts = spy.mock.calls.reduce((sum, [rows]) => sum + rows.length, 0);
    return { puts, logBytes: logBytes() - before };
  } finally {
    spy.mockRestore();
  }
}
