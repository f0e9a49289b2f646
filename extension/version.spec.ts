import { VERSION } from './version';

describe('VERSION', () => {
  it('is that of package.json', () => {
    expect(jest.requireActual<{ version: string }>('../package.json').version).toBe(VERSION);
  });
});
