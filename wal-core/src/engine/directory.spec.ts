import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeDirectory } from './directory';

describe('a data directory', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'argon-directory-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('is made, taken once, and given back', () => {
    const path = join(home, 'a', 'b');
    const giveBack = takeDirectory(path);
    expect(() => takeDirectory(path)).toThrow(expect.objectContaining({ code: 'DIRECTORY_LOCKED' }));
    giveBack();
    takeDirectory(path)();
  });

  it('is named by a path', () => {
    for (const path of ['', 'a\0b', undefined, 7]) {
      expect(() => takeDirectory(path as string)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
    }
  });

  it('is no file, and lies in none', () => {
    const file = join(home, 'file');
    writeFileSync(file, 'kept');
    for (const path of [file, join(file, 'inside')]) {
      expect(() => takeDirectory(path)).toThrow(
        expect.objectContaining({
          code: 'BAD_REQUEST',
          message: `The data directory ${path} is a file, or lies inside one. Choose another path.`
        })
      );
    }
  });
});
