import type { RawValue } from '@argon/wal-core';
import type { Arguments } from '../arguments';
import { MongoError } from '../errors';
import { readFailCommand, readFailure } from './fail-command';
import { FailPoint } from './fail-point';
import { readTransactionalWrite } from './transactional-write';

/** The fail points that a server for tests has, by the names that mongod gives them. */
export class FailPoints {
  readonly failCommand = new FailPoint(readFailCommand);
  /** A getMore fails when it has found its cursor, which ends with it. */
  readonly failGetMoreAfterCursorCheckout = new FailPoint(data =>
    readFailure(data, 'failGetMoreAfterCursorCheckout')
  );
  /** Whatever has a time limit is over it at once. */
  readonly maxTimeAlwaysTimeOut = new FailPoint(() => true);

  /** A retryable write fails before its commit, or its client does not hear of it. */
  readonly onPrimaryTransactionalWrite = new FailPoint(readTransactionalWrite);

  /** @throws MongoError 266 for one that is not there, 2, 14 */
  configure(name: string, mode: RawValue | undefined, data: Arguments | undefined): number {
    switch (name) {
      case 'failCommand':
      case 'failGetMoreAfterCursorCheckout':
      case 'maxTimeAlwaysTimeOut':
      case 'onPrimaryTransactionalWrite':
        return this[name].configure(mode, data);
      default:
        throw new MongoError('FailPointSetFailed', `${name} not found`);
    }
  }
}
