import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** The schema of a command: every argument with its type and a sentence. */
export function schemaOf(
  properties: Readonly<Record<string, readonly [type: 'string' | 'integer' | 'boolean', description: string]>>
): { readonly args: ReadonlyJSONObject } {
  const described = Object.entries(properties).map(([name, [type, description]]) => [
    name,
    { type, description }
  ]);
  return { args: { type: 'object', properties: Object.fromEntries(described) as ReadonlyJSONObject } };
}

/** A text argument; undefined when it is not there, so that the command asks for it. */
export function text(args: ReadonlyPartialJSONObject, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A whole number among the arguments. */
export function integer(args: ReadonlyPartialJSONObject, name: string): number | undefined {
  const value = args[name];
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

/** Whether a flag among the arguments is set. */
export function flag(args: ReadonlyPartialJSONObject, name: string): boolean {
  return args[name] === true;
}
