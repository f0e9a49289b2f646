import { BSON, MongoBulkWriteError, MongoServerError, type Collection, type Document } from 'mongodb';
import type { Operation, Row } from './operations';

/** What came of an operation, in a form that can be compared: canonical Extended JSON. */
export async function outcome(operation: Operation, collection: Collection<Row>): Promise<string> {
  try {
    return canonical({ result: await operation.run(collection) });
  } catch (error) {
    if (error instanceof MongoBulkWriteError) {
      const errors = [error.writeErrors]
        .flat()
        .map(({ index, code, errmsg }) => ({ index, code, message: wording(code, errmsg) }));
      return canonical({
        writeErrors: errors,
        result: counts(error)
      });
    }
    if (error instanceof MongoServerError) {
      return canonical({ error: { code: error.code, message: wording(Number(error.code), error.message) } });
    }
    throw error;
  }
}

/** Counts of a bulk write; its errors are compared on their own. */
function counts(error: MongoBulkWriteError): Document {
  const { writeErrors: _, ...rest } = (error.result as unknown as { result: Document }).result;
  return rest;
}

/** Every document, byte for byte, in the order of `_id`. */
export async function contents(collection: Collection<Row>): Promise<string[]> {
  const documents: Buffer[] = [];
  for await (const raw of collection.find({}, { raw: true, sort: { _id: 1 } })) {
    documents.push(Buffer.from(raw as unknown as Uint8Array));
  }
  return documents.map(
    raw => `${BSON.EJSON.stringify(BSON.deserialize(raw), { relaxed: false })} ${raw.toString('hex')}`
  );
}

/** Messages that programs read are compared to the letter; of the others the code is enough. */
const EXACT: ReadonlySet<number> = new Set([11000, 66, 26, 48]);

function wording(code: unknown, message: string | undefined): string | undefined {
  return EXACT.has(Number(code)) ? message : undefined;
}

function canonical(value: Document): string {
  return BSON.EJSON.stringify(value, withoutNoise, 0, { relaxed: false });
}

/** Fields of results that say when or where, not what. */
const NOISE: ReadonlySet<string> = new Set([
  'opTime',
  'electionId',
  'operationTime',
  '$clusterTime',
  'argon'
]);

function withoutNoise(key: string, value: unknown): unknown {
  return NOISE.has(key) ? undefined : value;
}
