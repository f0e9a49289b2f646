import { T, field, type CommitTime, type Lsn } from '@argon/wal-core';
import { stringOf } from '../arguments';
import { DocumentBuilder } from '../builder';
import { MongoError } from '../errors';

/** Where a change stream stands, over all projects: commit times order everything, a project's LSNs what shares one. */
export interface Position {
  /** Everything before this commit time was told. */
  readonly time: CommitTime;
  /** Of the commit at `time`, told up to `lsn` of this project, and of those with smaller ids. 0: all of it was told. */
  readonly project: number;
  readonly lsn: Lsn;
  /** Timeline of the branch that is watched; 0 when all projects are. */
  readonly timeline: number;
  /** Behind an `invalidate`: only `startAfter` goes on from here. */
  readonly invalidated: boolean;
}

const VERSION = 1;
const BYTES = 1 + 8 + 4 + 6 + 4 + 1;

/** Raw `{_data: <hex>}`. Tokens of one stream sort as their changes do. */
export function encodeToken({ time, project, lsn, timeline, invalidated }: Position): Buffer {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeBigUInt64BE(time, 1);
  // What was told to its end sorts behind the changes of its commit.
  bytes.writeUInt32BE(project === 0 ? WHOLE_COMMIT : project, 9);
  bytes.writeUIntBE(lsn, 13, 6);
  bytes.writeUInt32BE(timeline, 19);
  bytes.writeUInt8(invalidated ? 1 : 0, 23);
  return new DocumentBuilder(96).string('_data', bytes.toString('hex').toUpperCase()).finish();
}

const WHOLE_COMMIT = 0xffff_ffff;

/** Reads a resume token. @throws MongoError 40647, 9, 260 */
export function decodeToken(token: Buffer): Position {
  const data = field(token, '_data');
  if (data?.type !== T.STRING) {
    throw new MongoError(40647, 'Bad resume token: _data of missing or of wrong type');
  }
  const text = stringOf(data);
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) {
    throw new MongoError('FailedToParse', 'resume token string was not a valid hex string');
  }
  const bytes = Buffer.from(text, 'hex');
  if (bytes.length !== BYTES || bytes[0] !== VERSION) {
    throw new MongoError(
      'InvalidResumeToken',
      'Bad resume token: it was not made by a change stream of Argon'
    );
  }
  const project = bytes.readUInt32BE(9);
  return {
    time: bytes.readBigUInt64BE(1) as CommitTime,
    project: project === WHOLE_COMMIT ? 0 : project,
    lsn: bytes.readUIntBE(13, 6) as Lsn,
    timeline: bytes.readUInt32BE(19),
    invalidated: bytes[23] === 1
  };
}
