import { arrayOf, documentOf, elements, T, TYPE_NAMES, type RawElement } from '../../../bson';
import { queryError } from '../../error';
import { parseFieldPath, type Scope } from '../../expression';
import { array, object, string, textOf } from '../../values';
import { shape } from '../shape';
import type { Stage, StageCompiler } from '../stage';
import { setWindowFields } from './index';

/** `$fill`: missing and null values by an expression, by the last known value or along a line. */
export const fill: StageCompiler = (argument, scope, name): Stage => {
  if (argument.type !== T.OBJECT)
    throw queryError(14, `$fill must be an object, not ${TYPE_NAMES[argument.type]}`);
  const parts = new Map<string, RawElement>();
  for (const element of elements(argument.bytes)) {
    if (!['partitionBy', 'partitionByFields', 'sortBy', 'output'].includes(element.name)) {
      throw queryError(40415, `BSON field '$fill.${element.name}' is an unknown field.`);
    }
    parts.set(element.name, element);
  }
  const output = parts.get('output');
  if (output === undefined)
    throw queryError(40414, "BSON field '$fill.output' is missing but a required field");
  if (output.type !== T.OBJECT)
    throw queryError(
      14,
      `BSON field '$fill.output' is the wrong type '${TYPE_NAMES[output.type]}', expected type 'object'`
    );
  if (output.bytes.length === 5)
    throw queryError(6050203, "The output field in '$fill' must contain an object with at least one element");
  const by = parts.get('partitionBy');
  if (by !== undefined && by.type !== T.OBJECT) {
    throw queryError(
      14,
      `BSON field '$fill.partitionBy' is the wrong type '${TYPE_NAMES[by.type]}', expected type 'object'`
    );
  }
  if (parts.has('partitionBy') && parts.has('partitionByFields')) {
    throw queryError(
      6050204,
      "Maximum one of 'partitionBy' and 'partitionByFields can be specified in '$fill'"
    );
  }
  const byValue: { name: string; type: number; bytes: Buffer }[] = [];
  const byMethod: { name: string; type: number; bytes: Buffer }[] = [];
  for (const field of elements(output.bytes)) {
    parseFieldPath(field.name);
    if (field.type !== T.OBJECT)
      throw queryError(6050200, 'Each fill output specification must be an object with exactly one field');
    const [spec, ...more] = elements(field.bytes);
    // One that says nothing does nothing.
    if (spec === undefined) continue;
    const strange = [spec, ...more].find(({ name }) => name !== 'value' && name !== 'method');
    if (strange !== undefined)
      throw queryError(40415, `BSON field '$fill.${strange.name}' is an unknown field.`);
    if (more.length > 0)
      throw queryError(
        6050201,
        "Each fill output specification must have exactly one of 'method' or 'value' fields, not both"
      );
    if (spec.name === 'value') {
      const value = { type: spec.type, bytes: spec.bytes };
      byValue.push({
        name: field.name,
        ...operatorOf('$ifNull', array(arrayOf([string(`$${field.name}`), value])))
      });
    } else if (spec.name === 'method' && spec.type === T.STRING) {
      const method = textOf(spec);
      if (method !== 'locf' && method !== 'linear')
        throw queryError(6050202, `Method must be either locf or linear`);
      if (method === 'linear' && !parts.has('sortBy'))
        throw queryError(
          605001,
          '$linearFill must be specified with a top level sortBy expression with exactly one element'
        );
      byMethod.push({
        name: field.name,
        ...operatorOf(method === 'locf' ? '$locf' : '$linearFill', string(`$${field.name}`))
      });
    } else {
      throw queryError(
        14,
        `BSON field '$fill.method' is the wrong type '${TYPE_NAMES[spec.type]}', expected type 'string'`
      );
    }
  }
  return chain(name, stagesOf(parts, byMethod, byValue, scope));
};

function operatorOf(name: string, value: { type: number; bytes: Buffer }): { type: number; bytes: Buffer } {
  return object(documentOf([{ ...value, name }]));
}

function stagesOf(
  parts: ReadonlyMap<string, RawElement>,
  byMethod: readonly { name: string; type: number; bytes: Buffer }[],
  byValue: readonly { name: string; type: number; bytes: Buffer }[],
  scope: Scope
): Stage[] {
  const out: Stage[] = [];
  if (byMethod.length > 0) {
    const spec: { name: string; type: number; bytes: Buffer }[] = [];
    const by = partitionOf(parts);
    if (by !== undefined) spec.push({ ...by, name: 'partitionBy' });
    if (parts.has('sortBy')) spec.push(parts.get('sortBy')!);
    // $locf is fine with the order in which documents come.
    if (!parts.has('sortBy')) spec.push({ ...object(documentOf([])), name: 'sortBy' });
    spec.push({ ...object(documentOf(byMethod)), name: 'output' });
    out.push(setWindowFields(object(documentOf(spec)), scope, '$fill'));
  }
  if (byValue.length > 0) out.push(shape(object(documentOf(byValue)), scope, '$addFields'));
  return out;
}

/** `partitionBy` itself, or a document of the fields named. */
function partitionOf(parts: ReadonlyMap<string, RawElement>): { type: number; bytes: Buffer } | undefined {
  const by = parts.get('partitionBy');
  if (by !== undefined) return { type: by.type, bytes: by.bytes };
  const names = parts.get('partitionByFields');
  if (names === undefined) return undefined;
  const list = names.type === T.ARRAY ? elements(names.bytes) : [];
  for (const item of list)
    if (item.type !== T.STRING)
      throw queryError(14, "BSON field '$fill.partitionByFields' is the wrong type");
  return object(documentOf(list.map((item, i) => ({ ...string(`$${textOf(item)}`), name: `f${i}` }))));
}

function chain(name: string, stages: readonly Stage[]): Stage {
  return { name, run: (source, run) => stages.reduce((input, stage) => stage.run(input, run), source) };
}
