import { ArgonError } from '../errors';
import { metaKey, TABLE } from './keys';
import type { OrderedStore } from './store';

/** Version of everything under `state`. */
export const STATE_FORMAT_VERSION = 1;

/**
 * Checks the format of the state, and writes it into a new one.
 * @throws FORMAT_TOO_NEW
 */
export function checkFormat(store: OrderedStore): void {
  const key = metaKey(TABLE.format, 0);
  const value = store.get('meta', key);
  if (value === undefined) {
    const version = Buffer.alloc(4);
    version.writeUInt32BE(STATE_FORMAT_VERSION, 0);
    void store.write([{ table: 'meta', key, value: version }]);
    return;
  }
  const version = value.readUInt32BE(0);
  if (version > STATE_FORMAT_VERSION) {
    throw new ArgonError(
      'FORMAT_TOO_NEW',
      `The state has format ${version}; this version of Argon reads up to ${STATE_FORMAT_VERSION}. Update Argon.`,
      { data: { file: 'state', version } }
    );
  }
}
