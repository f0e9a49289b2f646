import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../version';
import { EVENT_SCHEMAS, PARAMS_SCHEMAS, RESULT_SCHEMAS } from './schemas';
import { checkParams, eventProblem, isMethod, resultProblem } from './validation';

describe('the schemas', () => {
  it('all compile, params, results and events', () => {
    for (const method of Object.keys(PARAMS_SCHEMAS)) {
      expect(isMethod(method)).toBe(true);
      expect(() => checkParams(method as never, { surely: 'not' })).toThrow();
      expect(Object.hasOwn(RESULT_SCHEMAS, method)).toBe(true);
      expect(() => resultProblem(method, undefined)).not.toThrow();
    }
    for (const type of Object.keys(EVENT_SCHEMAS)) {
      expect(eventProblem({ type })).toBeDefined();
    }
  });

  it.each(['toString', '__proto__', 'constructor', '', 'HELLO'])('know no method %p', name => {
    expect(isMethod(name)).toBe(false);
  });

  it.each<[unknown, string]>([
    [{}, 'must have `project`'],
    [{ project: 7, ref: 'main' }, '`project` must be string'],
    [{ project: 'shop', ref: 'main', extra: 1 }, 'must not have `extra`'],
    [[], 'must be object'],
    ['x', 'must be object'],
    [null, 'must be object']
  ])('say in words what is wrong with %j', (params, words) => {
    expect(() => checkParams('ref.resolve', params)).toThrow(words);
  });
});

it('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  expect(VERSION).toBe(version);
});
