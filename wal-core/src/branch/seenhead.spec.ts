import type { CollectionInfo, SeenHead } from '../api';
import { REAL_FILE_SYSTEM } from '../log/file/log';
import { ADA, image, keyOf, lsn, type Plain, SHOP, World } from '../laws/world';

const KEY = keyOf('a');
/** No version of any document: who gets it believed what he was told. */
const TOLD = image({ _id: 'a', n: 'told' });

describe('versions that a writer says it has read', () => {
  let world: World;
  let items: CollectionInfo;
  let isFull = false;

  const noSpace = (): never => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };

  beforeEach(async () => {
    isFull = false;
    const fileSystem = {
      ...REAL_FILE_SYSTEM,
      write: (...args: Parameters<typeof REAL_FILE_SYSTEM.write>) =>
        isFull ? noSpace() : REAL_FILE_SYSTEM.write(...args)
    };
    world = await World.open({ parts: { log: { fileSystem } } });
    await world.put('main', [{ _id: 'a', n: 1 }]);
    items = world.view('main').collection('items')!;
  });
  afterEach(() => world.close());

  /** What a write sees of the document after it was told of a version, and puts another one. */
  const seenBy = async (seen: SeenHead | undefined, other: Plain, branch = 'main'): Promise<unknown> => {
    const { result } = await world.engine.write(
      SHOP,
      branch,
      ADA,
      writer => {
        writer.hasRead(items, KEY, { lsn: lsn(2), image: TOLD });
        const found = writer.get(items, KEY);
        writer.insert(items, image(other));
        return found;
      },
      { seen }
    );
    return result;
  };
  const stored = () => world.view('main').get(items, KEY);

  it('are believed as long as nobody else writes, however often it writes itself', async () => {
    const { seen } = world.view('main');
    const first = seenBy(seen, { _id: 1 });
    expect(await seenBy(seen, { _id: 2 })).toEqual(TOLD);
    expect(await first).toEqual(TOLD);
    expect(await seenBy(seen, { _id: 3 })).toEqual(TOLD);
  });

  it('are not believed any more when somebody else has written, acknowledged or not', async () => {
    const { seen } = world.view('main');
    const other = world.put('main', [{ _id: 'a', n: 2 }]);
    expect(await seenBy(seen, { _id: 1 })).toEqual(image({ _id: 'a', n: 2 }));
    await other;
    expect(await seenBy(seen, { _id: 2 })).toEqual(stored());
  });

  it('are not believed on another branch, of a past state, and where no state is named', async () => {
    const { seen } = world.view('main');
    await world.engine.createBranch(SHOP, 'exp', ADA);
    expect(await seenBy(seen, { _id: 1 }, 'exp')).toEqual(stored());
    expect(await seenBy(undefined, { _id: 2 })).toEqual(stored());
    expect(world.view('main@2').seen).toBeUndefined();
  });

  it('are not believed after a commit that came to nothing, whose LSNs others get', async () => {
    const { seen } = world.view('main');
    isFull = true;
    await expect(seenBy(seen, { _id: 1 })).rejects.toMatchObject({ code: 'DISK_FULL' });
    isFull = false;
    await world.put('main', [{ _id: 'a', n: 2 }]);
    expect(await seenBy(seen, { _id: 2 })).toEqual(image({ _id: 'a', n: 2 }));
  });

  it('are forgotten with the write they were told to', async () => {
    const { seen } = world.view('main');
    await world.engine.write(
      SHOP,
      'main',
      ADA,
      writer => {
        writer.hasRead(items, KEY, { lsn: lsn(2), image: TOLD });
      },
      { seen }
    );
    await world.engine.write(
      SHOP,
      'main',
      ADA,
      writer => {
        expect(writer.get(items, KEY)).toEqual(stored());
      },
      { seen }
    );
  });
});
