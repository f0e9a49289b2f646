import { createHash } from 'node:crypto';
import type { Engine } from '../../api';
import { tellAll } from '../story';
import { lsn, SHOP } from '../world';

/** What a data directory shows: for each ref a hash of everything that can be read there. */
export type Told = Readonly<Record<string, string>>;

/** Every branch at every tenth LSN and at its head, and every pin and run. */
export async function told(engine: Engine): Promise<Told> {
  const found: Record<string, string> = {};
  const tell = async (ref: string) => {
    try {
      found[ref] = createHash('sha256')
        .update(await tellAll(engine.resolve(SHOP, ref)))
        .digest('hex');
    } catch (error) {
      found[ref] = (error as { code: string }).code;
    }
  };
  for (const { name, head } of engine.branches(SHOP)) {
    for (let at = lsn(0); at < head; at = lsn(at + 10)) {
      await tell(`${name}@${at}`);
    }
    await tell(name);
  }
  for (const { name } of engine.pins(SHOP)) {
    await tell(`pin:${name}`);
  }
  for (const { id } of engine.runs(SHOP)) {
    await tell(`run:${id}`);
  }
  return found;
}
