import { ArgonError } from '../errors';
import { ORIGIN_BYTES_MAX, ROW_KEY_BYTES_MAX } from '../limits';
import type { Origin } from '../api';
import type { ControlRecord } from './frame';

/** @throws BAD_REQUEST unless each is a whole number that is not negative, or left out */
export function checkFigures(figures: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(figures)) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      throw new ArgonError(
        'BAD_REQUEST',
        `${name} must be a whole number that is not negative, not ${String(value)}.`,
        { data: { [name]: String(value) } }
      );
    }
  }
}

/** @throws BAD_REQUEST for what is no text or empty, LIMIT_EXCEEDED for one that is too long */
export function checkBytes(what: string, text: string, limit: number): void {
  if (typeof text !== 'string' || text === '') {
    throw new ArgonError('BAD_REQUEST', `${what} must be a text that is not empty.`);
  }
  const value = Buffer.byteLength(text);
  if (value > limit) {
    throw new ArgonError('LIMIT_EXCEEDED', `${what} has at most ${limit} bytes; this one has ${value}.`, {
      data: { limit, value }
    });
  }
}

/**
 * What is in the log must fit into the state: a row that did not would stop every start after it.
 * @throws LIMIT_EXCEEDED
 */
export function assertRowKeys(rows: readonly ControlRecord[]): void {
  for (const { key } of rows) {
    if (key.length > ROW_KEY_BYTES_MAX) {
      throw new ArgonError(
        'LIMIT_EXCEEDED',
        `A name that is remembered has at most ${ROW_KEY_BYTES_MAX} bytes; this one has ${key.length}.`,
        { data: { limit: ROW_KEY_BYTES_MAX, value: key.length } }
      );
    }
  }
}

/** Who writes must say so. @throws BAD_REQUEST, LIMIT_EXCEEDED */
export function checkOrigin(origin: Origin): void {
  if (typeof origin !== 'object' || origin === null || typeof origin.actor !== 'string') {
    throw new ArgonError('BAD_REQUEST', 'A change needs an origin: at least the actor, as text.');
  }
  const { session, notebook, cell, cellNumber } = origin;
  if ([session, notebook, cell].some(part => part !== undefined && typeof part !== 'string')) {
    throw new ArgonError('BAD_REQUEST', 'The session, the notebook and the cell of an origin are texts.');
  }
  if (cellNumber !== undefined && !Number.isSafeInteger(cellNumber)) {
    throw new ArgonError('BAD_REQUEST', 'The number of the cell of an origin is a whole number.');
  }
  checkBytes('An origin', JSON.stringify(origin), ORIGIN_BYTES_MAX);
}
