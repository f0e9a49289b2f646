import type { Arguments } from '../arguments';
import { MongoError } from '../errors';

/** What a retryable write suffers: an error instead of its commit, and the end of its connection instead of a reply. */
export interface TransactionalWriteFailure {
  readonly error: MongoError | undefined;
  readonly closesConnection: boolean;
}

/** The data of `onPrimaryTransactionalWrite`. @throws MongoError 14 */
export function readTransactionalWrite(data: Arguments | undefined): TransactionalWriteFailure {
  const code = data?.integer('failBeforeCommitExceptionCode');
  return {
    error:
      code === undefined
        ? undefined
        : new MongoError(code, 'Failing write for onPrimaryTransactionalWrite failpoint'),
    closesConnection: data?.flag('closeConnection', true) ?? true
  };
}
