import { documentOf, elements, T, TYPE_NAMES, type RawValue } from '../../bson';
import { isArgonError } from '../../errors';
import { queryError } from '../error';
import { compileExpression, parseFieldPath, setRoot, type Frame, type Scope } from '../expression';
import { typeName } from '../expression/arithmetic';
import { buildTree, parseFields, TakenPaths } from '../projection/parse';
import { ProjectionNode } from '../projection/tree';
import { show } from '../show';
import { startsWithDollar, textOf } from '../values';
import { frameOf, perDocument, type Stage, type StageCompiler } from './stage';

/** A document-to-document step, also used by pipeline updates. */
export type Shaper = (doc: Buffer, frame: Frame) => Buffer;

function shaping(name: string, shape: Shaper): Stage {
  return perDocument(name, run => {
    const frame = frameOf(run);
    return doc => shape(doc, setRoot(frame, doc));
  });
}

/** `$project`. */
export function projectShaper(argument: RawValue, scope: Scope): Shaper {
  if (argument.type !== T.OBJECT) throw queryError(15969, '$project specification must be an object');
  if (argument.bytes.length === 5) {
    throw queryError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field'
    );
  }
  const { root } = inside('$project', () => buildTree(parseFields(argument.bytes, scope, 'aggregate')));
  return (doc, frame) => root.apply(doc, frame);
}

/** `$addFields` and `$set`. */
export function addFieldsShaper(argument: RawValue, scope: Scope, name: string): Shaper {
  if (argument.type !== T.OBJECT) {
    throw queryError(
      40272,
      `${name} specification stage must be an object, got ${TYPE_NAMES[argument.type]}`
    );
  }
  const root = new ProjectionNode('exclusion');
  inside(name, () => addComputed(root, argument.bytes, [], scope, new TakenPaths(), name));
  return (doc, frame) => root.apply(doc, frame);
}

function addComputed(
  root: ProjectionNode,
  spec: Buffer,
  prefix: readonly string[],
  scope: Scope,
  taken: TakenPaths,
  stage: string
): void {
  for (const element of elements(spec)) {
    if (prefix.length > 0 && element.name.includes('.')) {
      throw queryError(
        40183,
        `Invalid ${stage} :: caused by :: FieldPath field names may not contain '.' in a sub-object: ${element.name}`
      );
    }
    const path = [...prefix, ...parseFieldPath(element.name)];
    if (element.type === T.OBJECT && element.bytes.length === 5) {
      throw queryError(
        40180,
        `Invalid ${stage} :: caused by :: an empty object is not a valid value. Found empty object at path ${path.join('.')}`
      );
    }
    if (element.type === T.OBJECT && !startsWithDollar(element.bytes)) {
      claim(() => taken.check(path, false), stage);
      addComputed(root, element.bytes, path, scope, taken, stage);
    } else {
      claim(() => taken.add(path), stage);
      root.addComputed(path, compileExpression(element, scope));
    }
  }
}

/** Notes a path. @throws 40176 when it conflicts with an earlier one */
function claim(take: () => void, stage: string): void {
  try {
    take();
  } catch (error) {
    if (!isArgonError(error)) throw error;
    throw queryError(
      40176,
      `Invalid ${stage} :: caused by :: specification contains two conflicting paths. ${error.message}`
    );
  }
}

/** `$unset: "a"` or `["a", "b.c"]`. */
export function unsetShaper(argument: RawValue): Shaper {
  const names =
    argument.type === T.STRING
      ? [argument]
      : argument.type === T.ARRAY
        ? elements(argument.bytes)
        : undefined;
  if (names === undefined) throw queryError(31002, '$unset specification must be a string or an array');
  if (names.length === 0)
    throw queryError(31119, '$unset specification must be a string or an array with at least one field');
  const root = new ProjectionNode('exclusion');
  const taken = new TakenPaths();
  for (const name of names) {
    if (name.type !== T.STRING) {
      throw queryError(
        31120,
        '$unset specification must be a string or an array containing only string values'
      );
    }
    inside('$unset', () => {
      const path = parseFieldPath(textOf(name));
      taken.add(path);
      root.addPath(path);
    });
  }
  return (doc, frame) => root.apply(doc, frame);
}

/** `$replaceRoot: {newRoot}` and `$replaceWith`. */
export function replaceShaper(argument: RawValue, scope: Scope, name: string): Shaper {
  let source: RawValue = argument;
  if (name === '$replaceRoot') {
    if (argument.type !== T.OBJECT) {
      throw queryError(
        40229,
        `expected an object as specification for $replaceRoot stage, got ${TYPE_NAMES[argument.type]}`
      );
    }
    let newRoot: RawValue | undefined;
    for (const element of elements(argument.bytes)) {
      if (element.name !== 'newRoot')
        throw queryError(40415, `BSON field '$replaceRoot.${element.name}' is an unknown field.`);
      newRoot = element;
    }
    if (newRoot === undefined)
      throw queryError(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field");
    source = newRoot;
  }
  const expression = compileExpression(source, scope);
  return (_doc, frame) => {
    const value = expression.evaluate(frame);
    if (value?.type === T.OBJECT) return value.bytes;
    throw queryError(
      40228,
      `'${name === '$replaceRoot' ? 'newRoot' : 'replacement document'}' expression must evaluate to an object, but resulting value was: ${value ? show(value) : 'MISSING'}. Type of resulting value: '${typeName(value)}'.`
    );
  };
}

/** Compiles the inside of a stage; what is wrong with it names the stage. */
function inside<R>(stage: string, compile: () => R): R {
  try {
    return compile();
  } catch (error) {
    const prefix = `Invalid ${stage} :: caused by :: `;
    if (!isArgonError(error) || typeof error.data['mongoCode'] !== 'number') throw error;
    throw error.message.startsWith(prefix)
      ? error
      : queryError(error.data['mongoCode'], prefix + error.message);
  }
}

/** The stages that turn a document into a document; an update may be made of these. */
export function shaperFor(name: string, argument: RawValue, scope: Scope): Shaper | undefined {
  switch (name) {
    case '$project':
      return projectShaper(argument, scope);
    case '$addFields':
    case '$set':
      return addFieldsShaper(argument, scope, name);
    case '$unset':
      return unsetShaper(argument);
    case '$replaceRoot':
    case '$replaceWith':
      return replaceShaper(argument, scope, name);
    default:
      return undefined;
  }
}

/** Stage compiler for all of them. */
export const shape: StageCompiler = (argument, scope, name) =>
  shaping(name, shaperFor(name, argument, scope)!);

/** `{name: value}`. */
export function singleField(name: string, value: RawValue): Buffer {
  return documentOf([{ name, type: value.type, bytes: value.bytes }]);
}
