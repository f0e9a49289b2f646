import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Users } from './users';

describe('the users of a data directory', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'argon-users-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('are kept in a file for its owner only, which holds no password', async () => {
    await new Users(directory).add('ada', 'correct horse');
    expect(statSync(join(directory, 'users.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, 'users.json'), 'utf8')).not.toContain('correct horse');
    expect(readdirSync(directory)).toEqual(['users.json']);
    expect(new Users(directory).list()).toMatchObject([{ name: 'ada' }]);
    expect(new Users(directory).list()[0]).not.toHaveProperty('storedKey');
  });

  it('are seen at once by another process that has read the file before', async () => {
    const ours = new Users(directory);
    const theirs = new Users(directory);
    expect(theirs.list()).toEqual([]);
    await ours.add('ada', 'one');
    const before = theirs.verifier('ada');
    await ours.add('ada', 'two', { replace: true });
    expect(theirs.verifier('ada')).not.toEqual(before);
    ours.remove('ada');
    expect(theirs.verifier('ada')).toBeUndefined();
  });

  it('are refused with a reason', async () => {
    const users = new Users(directory);
    await users.add('ada', 'one');
    await expect(users.add('ada', 'two')).rejects.toMatchObject({ code: 'USER_EXISTS' });
    await expect(users.add('', 'two')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(users.add('bob', '')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(() => users.remove('bob')).toThrow(expect.objectContaining({ code: 'USER_NOT_FOUND' }));
    const secret = 'bell\u0007 secret';
    const refused: unknown = await users.add('bob', secret).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'BAD_REQUEST' });
    expect(JSON.stringify(refused)).not.toContain('secret');
  });

  it('whose file is damaged let nobody in by accident', () => {
    writeFileSync(join(directory, 'users.json'), '{');
    expect(() => new Users(directory).verifier('ada')).toThrow(
      expect.objectContaining({ code: 'DATA_CORRUPT' })
    );
    writeFileSync(join(directory, 'users.json'), '{"format": 2, "users": []}');
    expect(() => new Users(directory).list()).toThrow(expect.objectContaining({ code: 'FORMAT_TOO_NEW' }));
  });
});
