import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../../engine';
import { STATE_FORMAT_VERSION } from '../../store/format';
import { metaKey, TABLE } from '../../store/keys';
import { LmdbStore } from '../../store/lmdb/store';
import { allowSeconds } from '../chance';
import { ADA, SHOP, temporaryDirectory } from '../world';
import { type Told, told } from './told';

allowSeconds(60);

const FORMATS = readdirSync(__dirname).filter(name => statSync(join(__dirname, name)).isDirectory());

describe.each(FORMATS)('a data directory of %s', format => {
  const home = join(__dirname, format);
  const expected = JSON.parse(readFileSync(join(home, 'expected.json'), 'utf8')) as Told;
  let directory: string;

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it.each([['with its state', ['log', 'state']] as const, ['from its log alone', ['log']] as const])(
    'opens %s, shows what it showed when it was written, and can be written to',
    async (_, parts) => {
      for (const part of parts) {
        cpSync(join(home, part), join(directory, part), { recursive: true });
      }
      const engine = await openEngine({ directory });
      try {
        expect(await told(engine)).toEqual(expected);
        expect((await engine.verify()).problems).toEqual([]);
        await engine.createBranch(SHOP, 'now', ADA);
        await engine.gc();
        expect((await engine.verify()).problems).toEqual([]);
      } finally {
        await engine.close();
      }
    }
  );

  it('is refused when its state is of a newer format, which is named', async () => {
    cpSync(home, directory, { recursive: true });
    const state = LmdbStore.open(join(directory, 'state'));
    const newer = Buffer.alloc(4);
    newer.writeUInt32BE(STATE_FORMAT_VERSION + 1, 0);
    await state.write([{ table: 'meta', key: metaKey(TABLE.format, 0), value: newer }]);
    await state.close();
    await expect(openEngine({ directory })).rejects.toMatchObject({
      code: 'FORMAT_TOO_NEW',
      data: { file: 'state', version: STATE_FORMAT_VERSION + 1 }
    });
  });

  it('has everything in it that the format knows', () => {
    expect(Object.values(expected)).toContain('HISTORY_GONE');
    expect(Object.values(expected).filter(text => text.length === 64).length).toBeGreaterThan(10);
    const names = readdirSync(join(home, 'log'));
    expect(names.some(name => name.endsWith('.cold'))).toBe(true);
    expect(names.some(name => name.endsWith('.log'))).toBe(true);
  });
});
