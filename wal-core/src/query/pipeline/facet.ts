import { arrayOf, documentOf, elements, T, TYPE_NAMES } from '../../bson';
import { queryError } from '../error';
import { isDollarField } from '../expression/fieldpath';
import { array, object } from '../values';
import { compileStages, runStages } from './compile';
import { documentsOf } from './collections';
import { MEMORY_BYTES_MAX, type Batch, type Run, type Stage, type StageCompiler } from './stage';
import { Tee } from './tee';

/** `$facet`: several pipelines over the same documents. */
export const facet: StageCompiler = (argument, scope, name): Stage => {
  if (argument.type !== T.OBJECT || argument.bytes.length === 5) {
    throw queryError(
      40169,
      `the $facet specification must be a non-empty object, but found: ${TYPE_NAMES[argument.type]}`
    );
  }
  const facets = elements(argument.bytes).map(element => {
    if (element.name.startsWith('$') && !isDollarField(element.name))
      throw queryError(16410, "FieldPath field names may not start with '$'.");
    if (element.name.includes('.')) throw queryError(16412, "FieldPath field names may not contain '.'.");
    if (element.type !== T.ARRAY) {
      throw queryError(
        40170,
        `arguments to $facet must be arrays, ${element.name} is type ${TYPE_NAMES[element.type]}`
      );
    }
    return { name: element.name, stages: compileStages(documentsOf(element), scope, 'facet') };
  });
  return {
    name,
    collections: facets.flatMap(f => f.stages.collections),
    async *run(source, run) {
      const tee = new Tee(source, facets.length);
      const output = new Output(run);
      // All read at once, so that no document has to be kept for another.
      const parts = await Promise.all(
        facets.map(async ({ name: field, stages }) => {
          const out: Buffer[] = [];
          try {
            for await (const batch of runStages(stages, tee.reader(), run)) {
              output.add(batch);
              for (const doc of batch) out.push(doc);
            }
          } catch (error) {
            tee.stop();
            throw error;
          }
          tee.leave();
          return { field, out };
        })
      );
      yield [
        documentOf(parts.map(({ field, out }) => ({ ...array(arrayOf(out.map(object))), name: field })))
      ];
    }
  };
};

/** What all facets give together becomes one document. */
class Output {
  private bytes = 0;
  private readonly most: number;

  constructor(run: Run) {
    this.most = run.context.memoryBytesMax ?? MEMORY_BYTES_MAX;
  }

  /** @throws 4031700 */
  add(batch: Batch): void {
    for (const doc of batch) this.bytes += doc.length;
    if (this.bytes > this.most)
      throw queryError(
        4031700,
        `document constructed by $facet is ${this.bytes} bytes, which exceeds the limit of ${this.most} bytes`
      );
  }
}
