import { placeAt } from './popUp';

const WINDOW = { width: 1000, height: 800 };
const at = (left: number, top: number) => ({ left, right: left + 60, top, bottom: top + 20 });

describe('the place of a pop-up', () => {
  it('is under its anchor', () => {
    expect(placeAt(at(100, 50), { width: 300, height: 200 }, WINDOW)).toMatchObject({ left: 100, top: 72 });
  });

  it('ends where its anchor ends when it would leave the window', () => {
    expect(placeAt(at(900, 50), { width: 300, height: 200 }, WINDOW)).toMatchObject({ left: 660, top: 72 });
  });

  it('is above its anchor where there is more room', () => {
    expect(placeAt(at(100, 700), { width: 300, height: 200 }, WINDOW)).toEqual({
      left: 100,
      above: 102,
      heightMax: 690
    });
  });

  it('never leaves the window, however long it is', () => {
    for (const [left, top] of [
      [950, 10],
      [-40, 400],
      [980, 790],
      [0, 0]
    ] as const) {
      const size = { width: 300, height: 5000 };
      const place = placeAt(at(left, top), size, WINDOW);
      expect(place.left).toBeGreaterThanOrEqual(0);
      expect(place.left + size.width).toBeLessThanOrEqual(WINDOW.width);
      expect((place.top ?? place.above ?? 0) + place.heightMax).toBeLessThanOrEqual(WINDOW.height);
    }
  });
});
