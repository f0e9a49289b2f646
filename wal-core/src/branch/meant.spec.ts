import { ADA, SHOP, World } from '../laws/world';

describe('a ref that leads nowhere', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open();
    await world.engine.createBranch(SHOP, 'exp', ADA);
    await world.engine.createPin(SHOP, 'gold/v1', 'main', ADA);
  });
  afterEach(() => world.close());

  const refused = (ref: string) => {
    try {
      world.engine.resolve(SHOP, ref);
    } catch (error) {
      return error;
    }
    throw new Error(`${ref} leads somewhere`);
  };

  it('offers the branch that was probably meant', () => {
    expect(refused('exq')).toMatchObject({ code: 'REF_NOT_FOUND', data: { name: 'exq', nearest: 'exp' } });
    expect(refused('exq@3')).toMatchObject({ code: 'REF_NOT_FOUND', data: { nearest: 'exp' } });
    expect(refused('something else')).toMatchObject({ data: {} });
  });

  it('offers pins by the ref that opens them', () => {
    expect(refused('gold/v2')).toMatchObject({ code: 'REF_NOT_FOUND', data: { nearest: 'pin:gold/v1' } });
    expect(refused('pin:gold/v2')).toMatchObject({ code: 'PIN_NOT_FOUND', data: { nearest: 'pin:gold/v1' } });
  });

  it('says so when only the prefix of a pin is missing', () => {
    expect(refused('gold/v1')).toMatchObject({
      code: 'REF_NOT_FOUND',
      message: expect.stringContaining('it is the name of a pin'),
      data: { name: 'gold/v1', nearest: 'pin:gold/v1' }
    });
  });

  it('says so when only the prefix of a run is missing', async () => {
    await world.engine.registerRun(SHOP, 'r1', 'main', {});
    expect(refused('r1')).toMatchObject({
      message: expect.stringContaining('it is the name of a run'),
      data: { name: 'r1', nearest: 'run:r1' }
    });
  });
});
