import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { ArgonError } from '@argon/wal-core';
import type { Methods } from './protocol';
import { COMMON_SCHEMA, EVENT_SCHEMAS, PARAMS_SCHEMAS, RESULT_SCHEMAS } from './schemas';

const compiled = new Map<string, ValidateFunction>();
let ajv: Ajv | undefined;

/** Whether the protocol has a method of this name. */
export function isMethod(name: string): name is keyof Methods {
  return Object.hasOwn(PARAMS_SCHEMAS, name);
}

/** Checks the params of a method against its schema. @throws BAD_REQUEST that names the parameter */
export function checkParams(method: keyof Methods, params: unknown): void {
  const validate = validator(`params:${method}`, PARAMS_SCHEMAS[method]);
  if (!validate(params)) {
    const problem = explain(validate.errors?.[0]);
    throw new ArgonError('BAD_REQUEST', `${method}: ${problem}.`, { data: { method, problem } });
  }
}

/** What is wrong with a result by its schema; undefined when nothing is. For tests. */
export function resultProblem(method: string, result: unknown): string | undefined {
  const validate = validator(`result:${method}`, RESULT_SCHEMAS[method]);
  return validate(result) ? undefined : explain(validate.errors?.[0]);
}

/** What is wrong with an event by its schema; undefined when nothing is. For tests. */
export function eventProblem(event: { type: string }): string | undefined {
  const validate = validator(`event:${event.type}`, EVENT_SCHEMAS[event.type]);
  return validate(event) ? undefined : explain(validate.errors?.[0]);
}

/** Compiling sixty schemas would delay the start; each is compiled when it is first needed. */
function validator(key: string, schema: string | undefined): ValidateFunction {
  const known = compiled.get(key);
  if (known) {
    return known;
  }
  if (schema === undefined) {
    throw new TypeError(`no schema for ${key}`);
  }
  if (!ajv) {
    ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true });
    ajv.addSchema(JSON.parse(COMMON_SCHEMA) as object, 'common.json');
  }
  const validate = ajv.compile(JSON.parse(schema) as object);
  compiled.set(key, validate);
  return validate;
}

/** One sentence without a full stop: which parameter, and what it must be. */
function explain(error: ErrorObject | undefined): string {
  if (!error) {
    return 'the parameters do not fit the schema';
  }
  const path = error.instancePath.split('/').slice(1).join('.');
  const where = path === '' ? 'the parameters' : `\`${path}\``;
  switch (error.keyword) {
    case 'required':
      return `${where} must have \`${(error.params as { missingProperty: string }).missingProperty}\``;
    case 'additionalProperties':
      return `${where} must not have \`${(error.params as { additionalProperty: string }).additionalProperty}\``;
    case 'enum':
      return `${where} must be one of ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}`;
    default:
      return `${where} ${error.message ?? 'does not fit the schema'}`;
  }
}
