import { createHash } from 'node:crypto';
import { T, documentOf, elements, field } from '@argon/wal-core';
import { STRING } from '../argument-types';
import { filterOf, queryOptions, sortOf } from '../compile';
import { MongoError } from '../errors';
import { allOf, openRun, openTarget } from '../open-run';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { DocumentBuilder } from '../builder';
import { numberOf } from '../arguments';

/** In a chunk's `data`: length and subtype stand before the bytes. */
const BINARY_HEAD_BYTES = 5;
const ORDER = new DocumentBuilder(32).int32('files_id', 1).int32('n', 1).finish();

/** The MD5 of a file of GridFS, over its chunks in their order; `numChunks` says how many there were before one was missing. */
export const filemd5: Command = {
  name: 'filemd5',
  fields: ['root', 'partialOk', 'md5state'],
  types: { root: STRING },
  reads: true,
  run: async context => {
    const { args, operation } = context;
    if (args.has('md5state')) {
      throw new MongoError('NotImplemented', 'filemd5 with md5state is not available in Argon');
    }
    const partial = args.flag('partialOk', false);
    const options = queryOptions(args);
    const id = args.get('filemd5')!;
    const filter = documentOf([{ name: 'files_id', type: id.type, bytes: id.bytes }]);
    const target = openTarget(context, `${args.optionalString('root') ?? 'fs'}.chunks`);
    const query = { ...allOf(filterOf(filter, options)), sort: sortOf(ORDER, options) };
    const hash = createHash('md5');
    let chunks = 0;
    for await (const batch of openRun(context, target, query, undefined).run.documents()) {
      operation.check();
      for (const chunk of batch) {
        const n = field(chunk, 'n');
        if (n === undefined || numberOf(n) !== chunks) {
          if (partial) {
            break;
          }
          throw new MongoError(10040, 'chunks out of order');
        }
        hash.update(dataOf(chunk));
        chunks++;
      }
    }
    return emptyReply().int32('numChunks', chunks).string('md5', hash.digest('hex'));
  }
};

/** @throws MongoError 50847 */
function dataOf(chunk: Buffer): Buffer {
  const data = elements(chunk).find(({ name }) => name === 'data');
  if (data?.type !== T.BINARY) {
    throw new MongoError(50847, 'The element that calls binDataClean() must be type of BinData');
  }
  return data.bytes.subarray(BINARY_HEAD_BYTES);
}
