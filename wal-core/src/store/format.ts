import { ArgonError } from '../errors';
import { metaKey, TABLE } from './keys';
import type { OrderedStore } from './store';

/** Version of everything under `state`. Since 2 each row has a checksum. */
export const STATE_FORMAT_VERSION = 2;

/** The row that says the version, and how long its value is in format 1, which has no checksum behind it. */
export const FORMAT_KEY = metaKey(TABLE.format, 0);
export const BARE_FORMAT_BYTES = 4;

/**
 * Checks the format of the state, and writes it into a new one. False when it is an older one, which is of no use:
 * the log has everything that is in it.
 * @throws FORMAT_TOO_NEW
 */
export function checkFormat(
  store: OrderedStore & { bareNumber(table: 'meta', key: Buffer): number | undefined }
): boolean {
  const version = store.bareNumber('meta', FORMAT_KEY) ?? store.get('meta', FORMAT_KEY)?.readUInt32BE(0);
  if (version === undefined) {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(STATE_FORMAT_VERSION, 0);
    void store.write([{ table: 'meta', key: FORMAT_KEY, value }]);
    return true;
  }
  if (version > STATE_FORMAT_VERSION) {
    throw new ArgonError(
      'FORMAT_TOO_NEW',
      `The state has format ${version}; this version of Argon reads up to ${STATE_FORMAT_VERSION}. Update Argon.`,
      { data: { file: 'state', version } }
    );
  }
  return version === STATE_FORMAT_VERSION;
}
