import { MongoError } from '../errors';
import { WRITE_BATCH_MAX } from '../limits';

/** @throws MongoError 16 when a batch is empty or too long */
export function checkBatchSize(count: number): void {
  if (count < 1 || count > WRITE_BATCH_MAX) {
    throw new MongoError(
      'InvalidLength',
      `Write batch sizes must be between 1 and ${WRITE_BATCH_MAX}. Got ${count} operations.`
    );
  }
}
