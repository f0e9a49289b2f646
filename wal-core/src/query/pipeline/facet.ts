import { arrayOf, documentOf, elements, T, TYPE_NAMES } from '../../bson';
import { queryError } from '../error';
import { isDollarField } from '../expression/fieldpath';
import { array, object } from '../values';
import { compileStages, runStages } from './compile';
import { documentsOf } from './collections';
import { collect, Memory, type Batch, type Stage, type StageCompiler } from './stage';

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
      const docs = await collect(source, new Memory(run, '$facet'));
      const parts = [];
      for (const { name: field, stages } of facets) {
        const out: Buffer[] = [];
        for await (const batch of runStages(stages, once(docs), run)) out.push(...batch);
        parts.push({ ...array(arrayOf(out.map(object))), name: field });
      }
      yield [documentOf(parts)];
    }
  };
};

async function* once(docs: readonly Buffer[]): AsyncIterable<Batch> {
  if (docs.length > 0) yield docs;
}
