import { elements, T, TYPE_NAMES, type RawElement } from '../../bson';
import { queryError } from '../error';
import { textOf } from '../values';
import { documentsOf, nothing, readCollection } from './collections';
import { compileStages, runStages } from './compile';
import type { Stage, StageCompiler } from './stage';

/** `$unionWith: "coll"` or `{coll, pipeline}`. */
export const unionWith: StageCompiler = (argument, scope, name): Stage => {
  let from: string | undefined;
  let pipeline: RawElement | undefined;
  if (argument.type === T.STRING) from = textOf(argument);
  else if (argument.type === T.OBJECT) {
    for (const element of elements(argument.bytes)) {
      if (element.name === 'coll') {
        if (element.type !== T.STRING) throw queryError(14, "BSON field '$unionWith.coll' is the wrong type");
        from = textOf(element);
      } else if (element.name === 'pipeline') {
        if (element.type !== T.ARRAY)
          throw queryError(10065, "'pipeline' option must be specified as an array");
        pipeline = element;
      } else throw queryError(40415, `BSON field '$unionWith.${element.name}' is an unknown field.`);
    }
  } else {
    throw queryError(
      9,
      `the $unionWith stage specification must be an object or string, but found ${TYPE_NAMES[argument.type]}`
    );
  }
  const sub = pipeline && compileStages(documentsOf(pipeline), scope, 'union');
  if (from === undefined && !(sub?.startsItself ?? false)) {
    throw queryError(
      9,
      '$unionWith stage without explicit collection must have a pipeline with $documents as first stage'
    );
  }
  const coll = from;
  return {
    name,
    collections: [...(coll === undefined ? [] : [coll]), ...(sub?.collections ?? [])],
    async *run(source, run) {
      yield* source;
      const other = coll === undefined ? nothing() : readCollection(run, coll);
      yield* sub === undefined ? other : runStages(sub, other, run);
    }
  };
};
