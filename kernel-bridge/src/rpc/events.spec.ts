import { EventStream, EVENTS_PER_WINDOW_MAX, EVENTS_WAITING_MAX, fold, WINDOW_MS } from './events';
import type { CommitEvent, ProtocolEvent } from './protocol';

function commit(first: number, last = first, change: Partial<CommitEvent['entry']> = {}): CommitEvent {
  const at = new Date(1_700_000_000_000 + first).toISOString();
  return {
    type: 'commit',
    project: 'shop',
    branch: 'main',
    lsn: last,
    entry: {
      firstLsn: first,
      lastLsn: last,
      timeline: 1,
      branch: 'main',
      kind: 'writes',
      inserts: last - first + 1,
      updates: 0,
      deletes: 0,
      collections: ['users'],
      catalog: [],
      origin: { actor: 'ann', cell: 'c1' },
      firstAt: at,
      lastAt: at,
      ...change
    }
  };
}

const branch = (name: string, project = 'shop'): ProtocolEvent => ({
  type: 'branch',
  project,
  op: 'create',
  branch: name
});

describe('folding', () => {
  it('makes one event of two runs of writes next to each other', () => {
    const folded = fold(commit(1, 3), commit(4, 4, { collections: ['orders'], inserts: 0, deletes: 1 }));
    expect(folded).toMatchObject({ lsn: 4, entry: { firstLsn: 1, lastLsn: 4, inserts: 3, deletes: 1 } });
    expect(folded?.entry.collections).toEqual(['users', 'orders']);
    expect(folded?.entry.firstAt).toBe(commit(1).entry.firstAt);
  });

  it.each<[string, ProtocolEvent]>([
    ['of another cell', commit(2, 2, { origin: { actor: 'ann', cell: 'c2' } })],
    ['of another timeline', commit(2, 2, { timeline: 2 })],
    ['of another kind', commit(2, 2, { kind: 'merge' })],
    ['after a gap', commit(3)],
    ['of another project', { ...commit(2), project: 'other' }],
    ['that is no commit', branch('x')]
  ])('keeps an event apart %s', (_why, event) => expect(fold(commit(1), event)).toBeUndefined());
});

describe('the stream of one subscriber', () => {
  let now = 0;
  let full = false;
  let sent: ProtocolEvent[] = [];
  let overflows = 0;
  let stream: EventStream;

  beforeEach(() => {
    jest.useFakeTimers();
    [now, full, sent, overflows] = [1_000, false, [], 0];
    const sink = {
      send: (event: ProtocolEvent) => sent.push(event),
      isFull: () => full,
      overflow: () => overflows++
    };
    stream = new EventStream(sink, () => now);
  });

  afterEach(() => {
    stream.close();
    jest.useRealTimers();
  });

  const wait = (ms: number) => {
    now += ms;
    jest.advanceTimersByTime(ms);
  };

  it('tells quiet events at once, one by one, in order', () => {
    stream.add(undefined);
    const events = [commit(1), branch('b'), commit(2), commit(3)];
    events.forEach(event => stream.push(event));
    expect(sent).toEqual(events);
  });

  it('tells only what was subscribed to, once', () => {
    const shop = stream.add('shop');
    stream.add('shop');
    stream.push(branch('a', 'other'));
    stream.push(branch('b'));
    expect(sent).toEqual([branch('b')]);
    expect(stream.remove(shop)).toBe(true);
    expect(stream.remove(shop)).toBe(false);
    expect(stream.size).toBe(1);
  });

  it('folds a burst, and tells every change of it within one window', () => {
    stream.add(undefined);
    for (let lsn = 1; lsn <= 5_000; lsn++) {
      stream.push(commit(lsn));
    }
    expect(sent).toHaveLength(EVENTS_PER_WINDOW_MAX);
    wait(WINDOW_MS);
    expect(sent).toHaveLength(EVENTS_PER_WINDOW_MAX + 1);
    const entries = sent.map(event => (event as CommitEvent).entry);
    let lsn = 0;
    for (const entry of entries) {
      expect(entry.firstLsn).toBe(lsn + 1);
      lsn = entry.lastLsn;
    }
    expect(lsn).toBe(5_000);
    expect(entries.reduce((sum, { inserts }) => sum + inserts, 0)).toBe(5_000);
  });

  it('keeps order when events that do not fold stand between, and keeps none of them waiting', () => {
    stream.add(undefined);
    const pushed: ProtocolEvent[] = [];
    for (let i = 0; i < 3 * EVENTS_WAITING_MAX; i++) {
      const event = i % 2 === 0 ? commit(i + 1) : branch(`b${i}`);
      pushed.push(event);
      stream.push(event);
    }
    expect(sent).toEqual(pushed);
    expect(overflows).toBe(0);
  });

  it('holds events back while the subscriber does not read, and goes on when it does', () => {
    stream.add(undefined);
    full = true;
    stream.push(branch('a'));
    wait(1_000);
    expect(sent).toEqual([]);
    full = false;
    wait(WINDOW_MS);
    expect(sent).toEqual([branch('a')]);
  });

  it('gives up on a subscriber that falls too far behind, once', () => {
    stream.add(undefined);
    full = true;
    for (let i = 0; i <= EVENTS_WAITING_MAX + 50; i++) {
      stream.push(branch(`b${i}`));
    }
    expect(overflows).toBe(1);
    full = false;
    wait(WINDOW_MS);
    expect(sent).toEqual([]);
  });
});
