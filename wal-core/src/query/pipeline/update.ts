import { elements, T, type RawValue } from '../../bson';
import type { QueryOptions } from '../api';
import { queryError } from '../error';
import { Scope, setRoot } from '../expression';
import { isStageName, unknownStage } from './compile';
import { shaperFor } from './shape';

/** An update given as a pipeline, as a function from document to document. @throws 72 for stages that are not allowed, 40324 for none */
export function compileUpdatePipeline(
  stages: readonly RawValue[],
  options: QueryOptions
): (doc: Buffer) => Buffer {
  const scope = Scope.create(options);
  const shapers = stages.map(stage => {
    if (stage.type !== T.OBJECT)
      throw queryError(14, "Each element of the 'pipeline' array must be an object");
    const list = elements(stage.bytes);
    if (list.length !== 1)
      throw queryError(40323, 'A pipeline stage specification object must contain exactly one field.');
    const { name } = list[0]!;
    const shaper = shaperFor(name, list[0]!, scope);
    if (shaper === undefined) {
      throw isStageName(name)
        ? queryError(72, `${name} is not allowed to be used within an update`)
        : unknownStage(name);
    }
    return shaper;
  });
  return doc => {
    const frame = scope.frame();
    let out = doc;
    for (const shaper of shapers) out = shaper(out, setRoot(frame, out));
    return out;
  };
}
