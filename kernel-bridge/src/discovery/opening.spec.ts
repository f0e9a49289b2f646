import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgonError } from '@argon/wal-core';
import { explainOpening, requireRoom } from './opening';

describe('a data directory that cannot be opened', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'argon-opening-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const fault = (code: string | undefined, message: string) => Object.assign(new Error(message), { code });
  const GB = 1e9;

  it('needs room to begin, and none to be read again', () => {
    expect(() => requireRoom(folder, 4_096)).toThrow(`no space left on the disk of ${folder}`);
    expect(() => requireRoom(folder, GB)).not.toThrow();
    mkdirSync(join(folder, 'state'));
    writeFileSync(join(folder, 'state', 'data.mdb'), '');
    expect(() => requireRoom(folder, 0)).not.toThrow();
  });

  it('says that the disk is full, however the file system puts it', () => {
    for (const error of [
      fault('ENOSPC', 'ENOSPC: no space left on device, write'),
      fault(undefined, 'No space left on device: Attempting to write page at position 8192'),
      fault(undefined, 'Input/output error')
    ]) {
      expect(explainOpening(error, folder, 4_096)).toMatchObject({ code: 'DISK_FULL', cause: error });
    }
  });

  it('says what may not be written, and leaves alone what it does not know', () => {
    const forbidden = fault('EROFS', "EROFS: read-only file system, open '/data/LOCK'");
    expect(explainOpening(forbidden, '/data', GB)).toMatchObject({
      code: 'BRIDGE_UNAVAILABLE',
      message: expect.stringMatching(
        /^The data directory \/data cannot be used: EROFS.*name another one\.$/
      ) as string
    });
    for (const other of [
      fault(undefined, 'Input/output error'),
      new TypeError('a fault of ours'),
      new ArgonError('DATA_CORRUPT', 'a checksum')
    ]) {
      expect(explainOpening(other, folder, GB)).toBe(other);
    }
  });
});
