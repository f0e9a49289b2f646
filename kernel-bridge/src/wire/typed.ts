import { deserialize, type Document } from 'bson';

/** A document for what is shown or sent back: each value keeps its type, and a pattern that is none is a value too. */
export function typedDocument(bytes: Buffer): Document {
  return deserialize(bytes, { promoteValues: false, bsonRegExp: true });
}
