import { Rehearsal } from './rehearsal';

it('asks its questions of documents that match in part, and comes to an end', () => {
  const rehearsal = new Rehearsal();
  const matched: number[] = [];
  while (!rehearsal.isOver) {
    matched.push(rehearsal.round());
  }
  // Of 128 documents on each of 32 pages: active ones of one kind, those of a range of scores, active ones.
  expect(matched.slice(0, 3)).toEqual([21 * 32, 68 * 32, 64 * 32]);
  expect(new Set(matched).size).toBe(3);
  expect(matched.length).toBeGreaterThan(10);
});
