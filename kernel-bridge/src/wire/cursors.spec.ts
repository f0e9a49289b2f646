import { Cursors, OpenCursor, type DocumentSource } from './cursors';
import { CURSOR_IDLE_MS } from './limits';
import { Operation } from './operation';

const NOBODY = {
  id: 1,
  appName: undefined,
  metadata: undefined,
  remoteAddress: '127.0.0.1:1',
  signIn: { user: undefined }
};

const endless: DocumentSource = {
  async *[Symbol.asyncIterator]() {
    for (;;) {
      await Promise.resolve();
      yield [Buffer.from([5, 0, 0, 0, 0])];
    }
  }
};

describe('cursors nobody uses', () => {
  it('are closed after a while, unless they were asked to stay', () => {
    let now = 0;
    const cursors = new Cursors(() => now);
    const keep = (stays: boolean): OpenCursor => {
      const operation = new Operation(1, NOBODY, 'find', 'shop.a');
      const cursor = new OpenCursor(cursors.newId(), 'shop.a', endless, operation, { connectionId: 1 });
      cursor.stays = stays;
      cursors.keep(cursor);
      return cursor;
    };
    const [usual, staying] = [keep(false), keep(true)];
    now = CURSOR_IDLE_MS + 1;
    cursors.expire();
    expect(cursors.size).toBe(1);
    expect(cursors.use(staying.id, 'shop.a', undefined, undefined)).toBe(staying);
    expect(() => cursors.use(usual.id, 'shop.a', undefined, undefined)).toThrow(/not found/);
    cursors.connectionClosed(1);
    expect(cursors.size).toBe(0);
  });
});
