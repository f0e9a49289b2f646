import { T, values, type RawElement, type RawValue } from '../../bson';
import { notImplemented, queryError } from '../error';
import { textOf } from '../values';
import type { Filter } from '../api';
import type { Batch, Run } from './stage';

/** Batches of another collection; with a filter perhaps not all that it does not match. */
export async function* readCollection(run: Run, name: string, filter?: Filter): AsyncIterable<Batch> {
  for await (const item of run.context.collection(name, filter))
    yield Array.isArray(item) ? (item as Batch) : [item as Buffer];
}

export async function* nothing(): AsyncIterable<Batch> {
  // No documents.
}

/** The name of a collection in `from`. */
export function collectionName(element: RawElement, stage: string): string {
  if (element.type === T.OBJECT) throw notImplemented(`${stage} from another database`);
  if (element.type !== T.STRING)
    throw queryError(9, `${stage} argument '${element.name}: ${element.type}' must be a string`);
  return textOf(element);
}

/** Stages in an array value. @throws 14 */
export function documentsOf(pipeline: RawValue): Buffer[] {
  return values(pipeline.bytes).map(stage => {
    if (stage.type !== T.OBJECT)
      throw queryError(14, "Each element of the 'pipeline' array must be an object");
    return stage.bytes;
  });
}
