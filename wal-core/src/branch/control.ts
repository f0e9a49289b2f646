import { serialize } from 'bson';
import type { ControlRecord } from '../log/frame';

/** Fields of the value of a control record. */
export type Fields = Record<string, unknown>;

/** A control record with a BSON value; undefined deletes the row. */
export function control(table: number, scope: number, key: Buffer, value: Fields | undefined): ControlRecord {
  return {
    table,
    scope,
    key,
    value: value === undefined ? undefined : Buffer.from(serialize(value, { ignoreUndefined: true }))
  };
}
