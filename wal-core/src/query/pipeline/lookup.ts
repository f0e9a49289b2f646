import { arrayOf, elements, T, TYPE_NAMES, type RawElement } from '../../bson';
import { queryError } from '../error';
import {
  checkVariableName,
  compileExpression,
  parseFieldPath,
  setRoot,
  type Expression
} from '../expression';
import type { ValueOrder } from '../order';
import { array, object, textOf } from '../values';
import { compileStages, runStages, type CompiledStages } from './compile';
import { collect, frameOf, Memory, type Batch, type Run, type Stage, type StageCompiler } from './stage';
import { collectionName, documentsOf, nothing, readCollection } from './collections';
import { FieldJoin, isTooMuch } from './lookupjoin';
import { setAt } from './unwind';

/** `$lookup` with `localField` and `foreignField`, with `let` and `pipeline`, or with all of them. */
export const lookup: StageCompiler = (argument, scope, name, leading = false): Stage => {
  if (argument.type !== T.OBJECT) throw queryError(9, 'the $lookup specification must be an Object');
  let from: string | undefined;
  let as: readonly string[] | undefined;
  let local: readonly string[] | undefined;
  let foreign: string | undefined;
  let lets: { name: string; expression: Expression }[] = [];
  let pipeline: RawElement | undefined;
  let hasLet = false;
  for (const element of elements(argument.bytes)) {
    switch (element.name) {
      case 'from':
        from = collectionName(element, name);
        break;
      case 'pipeline':
        if (element.type !== T.ARRAY) throw queryError(14, "'pipeline' option must be specified as an array");
        pipeline = element;
        break;
      case 'let':
        if (element.type !== T.OBJECT)
          throw queryError(9, `$lookup argument 'let: ${TYPE_NAMES[element.type]}' must be an object`);
        hasLet = true;
        lets = elements(element.bytes).map(v => ({
          name: checkVariableName(v.name),
          expression: compileExpression(v, scope)
        }));
        break;
      case 'as':
      case 'localField':
      case 'foreignField': {
        if (element.type !== T.STRING)
          throw queryError(
            9,
            `$lookup argument '${element.name}' must be a string, found ${TYPE_NAMES[element.type]}`
          );
        if (element.name === 'as' && textOf(element) === '') break;
        const parts = parseFieldPath(textOf(element));
        if (element.name === 'as') as = parts;
        else if (element.name === 'localField') local = parts;
        else foreign = textOf(element);
        break;
      }
      default:
        throw queryError(9, `unknown argument to $lookup: ${element.name}`);
    }
  }
  if (as === undefined) throw queryError(9, "must specify 'as' field for a $lookup");
  if ((local === undefined) !== (foreign === undefined)) {
    throw queryError(
      9,
      "$lookup requires both or neither of 'localField' and 'foreignField' to be specified"
    );
  }
  if (pipeline === undefined && local === undefined) {
    throw queryError(
      9,
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified"
    );
  }
  if (pipeline === undefined && hasLet) throw queryError(9, "$lookup with 'let' requires a 'pipeline'");
  const appends = leading && pipeline === undefined;
  const inner = scope.with(...lets.map(v => v.name));
  const sub = pipeline && compileStages(documentsOf(pipeline), inner.scope, 'lookup');
  if (from === undefined && !(sub?.startsItself ?? false)) {
    throw queryError(9, "must specify 'from' field for a $lookup");
  }
  const spec: Spec = { order: scope.order, appends, from, as, local, foreign, lets, slots: inner.slots, sub };
  return {
    name,
    collections: [...(from === undefined ? [] : [from]), ...(sub?.collections ?? [])],
    async *run(source, run) {
      const join = new Join(spec, run);
      for await (const batch of source) {
        const partners = await join.partners(batch);
        yield batch.map((doc, at) =>
          setAt(doc, spec.as, array(arrayOf(partners[at]!.map(object))), spec.appends)
        );
      }
    }
  };
};

interface Spec {
  readonly order: ValueOrder;
  /** Puts the result at the end even when a field of that name is there, as mongod's newer engine does. */
  readonly appends: boolean;
  readonly from: string | undefined;
  readonly as: readonly string[];
  readonly local: readonly string[] | undefined;
  readonly foreign: string | undefined;
  readonly lets: readonly { readonly name: string; readonly expression: Expression }[];
  readonly slots: readonly number[];
  readonly sub: CompiledStages | undefined;
}

/** Finds the partners of documents. */
class Join {
  private all: Promise<Buffer[] | undefined> | undefined;
  private same: Promise<Buffer[]> | undefined;
  private readonly byField: FieldJoin | undefined;

  constructor(
    private readonly spec: Spec,
    private readonly run: Run
  ) {
    const { from, local, foreign, order } = spec;
    if (local !== undefined)
      this.byField = new FieldJoin({ from: from!, local, foreign: foreign!, order }, run);
  }

  /** The partners of each document of a batch. */
  async partners(batch: Batch): Promise<(readonly Buffer[])[]> {
    const found = await this.byField?.partners(batch);
    const { sub } = this.spec;
    if (sub === undefined) return found!;
    const out: (readonly Buffer[])[] = [];
    for (let at = 0; at < batch.length; at++)
      out.push(await this.throughPipeline(sub, batch[at]!, found?.[at]));
    return out;
  }

  private throughPipeline(
    sub: CompiledStages,
    doc: Buffer,
    found: readonly Buffer[] | undefined
  ): Promise<readonly Buffer[]> {
    const { spec, run } = this;
    const vars = [...run.vars];
    if (spec.lets.length > 0) {
      const frame = setRoot(frameOf(run), doc);
      spec.lets.forEach((v, i) => (vars[spec.slots[i]!] = v.expression.evaluate(frame)));
    }
    const inner: Run = { context: run.context, vars };
    if (found !== undefined) return drain(runStages(sub, one(found), inner));
    // A pipeline that knows nothing of the document gives the same for all.
    if (spec.lets.length === 0) return (this.same ??= this.runSub(sub, inner));
    return this.runSub(sub, inner);
  }

  private async runSub(sub: CompiledStages, inner: Run): Promise<Buffer[]> {
    if (sub.startsItself) return drain(runStages(sub, nothing(), inner));
    const all = await this.documents();
    return drain(
      runStages(sub, all === undefined ? readCollection(this.run, this.spec.from!) : one(all), inner)
    );
  }

  /** The other collection, read once; undefined when it is too large to be kept, and is read for each document. */
  private documents(): Promise<Buffer[] | undefined> {
    return (this.all ??= collect(
      readCollection(this.run, this.spec.from!),
      new Memory(this.run, '$lookup')
    ).catch((error: unknown) => {
      if (isTooMuch(error)) return undefined;
      throw error;
    }));
  }
}

async function* one(docs: readonly Buffer[]): AsyncIterable<Batch> {
  if (docs.length > 0) yield docs;
}

async function drain(source: AsyncIterable<Batch>): Promise<Buffer[]> {
  const out: Buffer[] = [];
  for await (const batch of source) out.push(...batch);
  return out;
}
