import type { Entry, LogResult } from '../client/protocol';
import { Penguins } from '../testing/penguins';
import { continues, fromLog, keyOf, withCommit, withOlder } from './history';

const story = Penguins.story(Date.parse('2026-11-21T14:36:10.000Z'));
const page: LogResult = { entries: story.entries, timelines: story.timelines, horizon: 0, head: 1892 };

function commit(part: Partial<Entry>): Entry {
  return { ...story.entries[0]!, firstLsn: 1893, lastLsn: 1893, updates: 1, ...part };
}

describe('the window of the log', () => {
  it('lets a commit of the same cell grow the newest entry of its timeline', () => {
    const grown = withCommit(fromLog(page), commit({}))!;
    expect(grown.entries).toHaveLength(story.entries.length);
    expect(grown.entries[0]).toMatchObject({ firstLsn: 1549, lastLsn: 1893, updates: 345 });
    expect(keyOf(grown.entries[0]!)).toBe('2:1549');
    expect(grown.timelines.get(2)?.head).toBe(1893);
    expect(grown.head).toBe(1893);
  });

  it('starts a new entry for another cell, another person, and for what is no plain write', () => {
    const fresh = fromLog(page);
    for (const part of [
      { origin: { ...story.entries[0]!.origin, cellNumber: 10 } },
      { origin: { actor: 'lin' } },
      { kind: 'undo' as const },
      { catalog: [{ op: 'created', collection: 'x' }] }
    ]) {
      expect(withCommit(fresh, commit(part))?.entries).toHaveLength(story.entries.length + 1);
    }
  });

  it('does not join over the writes of another branch in between', () => {
    const before = commit({ timeline: 4, firstLsn: 1893, lastLsn: 1893, origin: story.entries[2]!.origin });
    expect(continues(story.entries[2]!, before)).toBe(false);
  });

  it('takes an event twice without counting it twice', () => {
    const once = withCommit(fromLog(page), commit({}))!;
    expect(withCommit(once, commit({}))).toBe(once);
  });

  it('asks for the log again when a timeline is new', () => {
    expect(withCommit(fromLog(page), commit({ timeline: 99 }))).toBeUndefined();
  });

  it('puts an older page at the end, each entry once', () => {
    const first = fromLog({ ...page, entries: story.entries.slice(0, 9), next: 946 });
    const whole = withOlder(first, { ...page, entries: story.entries.slice(7) });
    expect(whole.entries.map(entry => entry.lastLsn)).toEqual(story.entries.map(entry => entry.lastLsn));
    expect(whole.next).toBeUndefined();
  });

  it('is newest first whatever the order it comes in', () => {
    expect(fromLog({ ...page, entries: [...story.entries].reverse() }).entries[0]?.lastLsn).toBe(1892);
  });
});
