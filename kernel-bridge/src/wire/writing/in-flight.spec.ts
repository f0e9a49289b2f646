import { InFlight } from './in-flight';

/** A promise that is settled from outside. */
function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

it('as many as may be are on their way, and they are settled in order', async () => {
  const settled: number[] = [];
  const inFlight = new InFlight<number>(3, slice => settled.push(slice));
  const slices = Array.from({ length: 5 }, () => later<number>());
  await inFlight.add(slices[0]!.promise);
  await inFlight.add(slices[1]!.promise);
  slices[1]!.resolve(1);
  const third = inFlight.add(slices[2]!.promise);
  await Promise.resolve();
  expect(settled).toEqual([]);
  slices[0]!.resolve(0);
  await third;
  expect(settled).toEqual([0]);
  slices[2]!.resolve(2);
  await inFlight.drain();
  expect(settled).toEqual([0, 1, 2]);
});

it('when one fails, the others are waited for and settled, and none fails unobserved', async () => {
  const settled: number[] = [];
  const inFlight = new InFlight<number>(4, slice => settled.push(slice));
  const slices = Array.from({ length: 3 }, () => later<number>());
  for (const { promise } of slices) {
    await inFlight.add(promise);
  }
  slices[0]!.reject(new Error('disk'));
  await expect(inFlight.drain()).rejects.toThrow('disk');
  setImmediate(() => {
    slices[1]!.reject(new Error('disk too'));
    slices[2]!.resolve(2);
  });
  await inFlight.abandon();
  expect(settled).toEqual([2]);
});
