import type { RawValue } from '../../bson';
import { int32, object } from '../values';
import { arr, doc, json, NAMES, obj, Random, scalar, smallInt } from './random';

const TYPES = ['string', 'object', 'array', 'int', 'double', 'number', 'null', 'bool', 'date', 'decimal'];

/** A random `$jsonSchema`. */
export function schema(r: Random, depth: number): RawValue {
  const parts = new Map<string, RawValue>();
  const put = (name: string, value: RawValue): unknown => parts.set(name, value);
  for (let i = 1 + r.int(3); i > 0; i--) {
    switch (r.int(depth > 0 ? 17 : 10)) {
      case 0:
        put(
          'bsonType',
          r.chance(0.6) ? json(r.pick(TYPES)) : json([r.pick(TYPES), 'object', r.pick(['long', 'regex'])])
        );
        break;
      case 1:
        put('required', json([r.pick(NAMES)]));
        break;
      case 2:
        put('minimum', smallInt(r));
        if (r.chance(0.4)) put('exclusiveMinimum', json(r.chance(0.5)));
        break;
      case 3:
        put('maximum', smallInt(r));
        break;
      case 4:
        put(
          r.pick(['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties']),
          int32(r.int(4))
        );
        break;
      case 5:
        put('pattern', json(r.pick(['a', '^b', '.'])));
        break;
      case 6:
        put('enum', arr(...new Set([int32(1), json('a'), json(null), scalar(r)])));
        break;
      case 7:
        put('uniqueItems', json(true));
        break;
      case 8:
        put('multipleOf', int32(1 + r.int(3)));
        break;
      case 9:
        put('dependencies', obj([r.pick(NAMES), json([r.pick(NAMES)])]));
        break;
      case 10:
      case 11:
      case 12:
        put(
          'properties',
          object(
            doc([...new Set(r.times(1, 3, () => r.pick(NAMES)))].map(n => [n, schema(r, depth - 1)] as const))
          )
        );
        if (r.chance(0.3)) put('additionalProperties', r.chance(0.5) ? json(false) : schema(r, depth - 1));
        break;
      case 13:
        put('items', r.chance(0.5) ? schema(r, depth - 1) : arr(schema(r, depth - 1), schema(r, depth - 1)));
        if (r.chance(0.4)) put('additionalItems', json(r.chance(0.5)));
        break;
      case 14:
        put(r.pick(['allOf', 'anyOf', 'oneOf']), arr(schema(r, depth - 1), schema(r, depth - 1)));
        break;
      case 15:
        put('not', schema(r, depth - 1));
        break;
      default:
        put('patternProperties', obj([r.pick(['^[ab]', 'c']), schema(r, depth - 1)]));
    }
  }
  return object(doc([...parts]));
}
