import { notImplemented } from '../error';
export function compileSchema(_schema: Buffer): (doc: Buffer) => boolean {
  throw notImplemented('$jsonSchema');
}
