import { Penguins } from '../testing/penguins';
import { changesAfter, entryAt, labelsWithRoom, stepFrom, trackOf, type ITrackLabel } from './track';

const story = Penguins.story(Date.parse('2026-11-21T14:36:10.000Z'));
const timelines = new Map(story.timelines.map(timeline => [timeline.id, timeline]));
const track = trackOf(story.entries, timelines, 4, 1892);

describe('the track of clean-nulls', () => {
  it('is thick where the states lie that made the branch', () => {
    expect(track.ranges).toEqual([
      { from: 1, to: 353 },
      { from: 948, to: 949 },
      { from: 1193, to: 1204 }
    ]);
    expect(track.fork).toBe(949);
    expect(track.branchHead).toBe(1204);
  });

  it('knows what lies after a state, and which entry made it', () => {
    expect(changesAfter(track, 949)).toBe(12);
    expect(changesAfter(track, 1204)).toBe(0);
    expect(changesAfter(track, 1200)).toBe(4);
    expect(entryAt(track, 1000)?.lastLsn).toBe(949);
    expect(entryAt(track, 0)).toBeUndefined();
  });

  it('steps from entry to entry, to LSN 0 and to the head', () => {
    expect(stepFrom(track, 1204, -1)).toBe(1201);
    expect(stepFrom(track, 1201, -1)).toBe(949);
    expect(stepFrom(track, 3, -1)).toBe(0);
    expect(stepFrom(track, 0, -1)).toBe(0);
    expect(stepFrom(track, 0, 1)).toBe(3);
    expect(stepFrom(track, 1201, 1)).toBe(1204);
    expect(stepFrom(track, 1204, 1)).toBe(1204);
  });
});

describe('labels under the track', () => {
  const label = (at: number, text: string, kind: ITrackLabel['kind'] = 'pin'): ITrackLabel => ({
    at,
    text,
    kind
  });

  it('leaves out what would cover another', () => {
    const shown = labelsWithRoom(
      [
        label(0, '0', 'end'),
        label(1892, '1,892', 'end'),
        label(949, 'fork 949', 'fork'),
        label(960, 'near'),
        label(353, 'v1')
      ],
      1892,
      () => 0.12
    );
    expect(shown.map(({ text }) => text)).toEqual(['0', '1,892', 'fork 949', 'v1']);
  });

  it('stands an empty project', () => {
    expect(labelsWithRoom([label(0, '0', 'end')], 0, () => 0.1)).toHaveLength(1);
  });
});
