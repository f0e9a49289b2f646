import { arrayOf, documentOf, extendedJsonText, field, T, type RawValue } from '../../bson';
import { compileExpression, newRoot, Scope } from '../expression';
import { array, date, FALSE, int32, NULL, object, string, TRUE, type Value } from '../values';
import { errorOf, type RawClient } from './client';
import { attempt, batch, difference, type Mismatch } from './finds';
import { arr, doc, json, number, obj, Random, scalar, value } from './random';

/** Kinds of operands that operators want. */
type Kind = 'n' | 's' | 'a' | 'd' | 'o' | 'b' | 'x' | 'i' | 'A' | 'R';

const strings = [
  '',
  'a',
  'abc',
  'ABC',
  'a,b,,c',
  'héllo',
  '😀x',
  ' pad ',
  '2020-02-30',
  '12',
  '-1.5',
  '1e3',
  'xyz',
  '64b000000000000000000000',
  'a.b',
  'true',
  'aXbX'
];
const dates = [
  0n,
  1582934400000n,
  1577836799999n,
  951782400000n,
  1672531200000n,
  1710054000000n,
  -62135596800000n,
  4102444800123n,
  253402300799999n
];

function operand(r: Random, kind: Kind, depth: number): RawValue {
  const n = r.next();
  if (n < 0.06) return NULL;
  if (n < 0.1) return string('$missing');
  if (n < 0.18) return literal(value(r, 1));
  if (depth > 0 && n < 0.35) return expression(r, depth - 1);
  switch (kind) {
    case 'n':
      return number(r);
    case 'i':
      return int32(r.int(9) - 3);
    case 's':
      return string(r.pick(strings));
    case 'd':
      return date(r.pick(dates));
    case 'b':
      return r.chance(0.5) ? TRUE : FALSE;
    case 'a':
      return literal(arr(...r.times(0, 5, () => (r.chance(0.8) ? number(r) : value(r, 1)))));
    case 'A':
      return literal(arr(...r.times(0, 3, () => arr(...r.times(0, 3, () => scalar(r))))));
    case 'o':
      return literal(object(doc(['a', 'b', 'c'].slice(r.int(3)).map(name => [name, value(r, 1)] as const))));
    case 'R':
      return string(r.pick(['a', '^a', '[a-c]+', '(a)(x)?', 'X', '\\w', '.']));
    default:
      return literal(value(r, 1));
  }
}

function literal(v: RawValue): RawValue {
  return obj(['$literal', v]);
}

/** Operators with the kinds of their operands; a number in front says how many at least. */
const FIXED: Readonly<Record<string, readonly (readonly Kind[])[]>> = {
  $add: [['n', 'n'], ['n', 'n', 'n'], ['d', 'n'], ['n'], []],
  $subtract: [
    ['n', 'n'],
    ['d', 'n'],
    ['d', 'd']
  ],
  $multiply: [['n', 'n'], ['n', 'n', 'n'], []],
  $divide: [['n', 'n']],
  $mod: [['n', 'n']],
  $pow: [['n', 'i']],
  $abs: [['n']],
  $ceil: [['n']],
  $floor: [['n']],
  $sqrt: [['n']],
  $round: [['n'], ['n', 'i']],
  $trunc: [['n'], ['n', 'i']],
  $eq: [['x', 'x']],
  $ne: [['x', 'x']],
  $gt: [['x', 'x']],
  $gte: [['n', 'n']],
  $lt: [['x', 'x']],
  $lte: [['x', 'x']],
  $cmp: [['x', 'x']],
  $and: [['x', 'x'], [], ['b', 'x', 'n']],
  $or: [['x', 'x'], [], ['b', 'x', 'n']],
  $not: [['x']],
  $cond: [['b', 'x', 'x']],
  $ifNull: [
    ['x', 'x'],
    ['x', 'x', 'x']
  ],
  $concat: [['s', 's'], ['s', 's', 's'], []],
  $toLower: [['s'], ['x']],
  $toUpper: [['s'], ['x']],
  $substrBytes: [['s', 'i', 'i']],
  $substrCP: [['s', 'i', 'i']],
  $strLenBytes: [['s']],
  $strLenCP: [['s']],
  $strcasecmp: [
    ['s', 's'],
    ['x', 's']
  ],
  $split: [['s', 's']],
  $indexOfBytes: [
    ['s', 's'],
    ['s', 's', 'i'],
    ['s', 's', 'i', 'i']
  ],
  $indexOfCP: [
    ['s', 's'],
    ['s', 's', 'i'],
    ['s', 's', 'i', 'i']
  ],
  $arrayElemAt: [['a', 'i']],
  $first: [['a']],
  $last: [['a']],
  $concatArrays: [['a', 'a'], []],
  $reverseArray: [['a']],
  $size: [['a']],
  $slice: [
    ['a', 'i'],
    ['a', 'i', 'i']
  ],
  $range: [
    ['i', 'i'],
    ['i', 'i', 'i']
  ],
  $in: [
    ['x', 'a'],
    ['n', 'a']
  ],
  $indexOfArray: [
    ['a', 'n'],
    ['a', 'n', 'i'],
    ['a', 'n', 'i', 'i']
  ],
  $isArray: [['x']],
  $arrayToObject: [['A'], ['a']],
  $objectToArray: [['o']],
  $mergeObjects: [['o', 'o'], ['o']],
  $setEquals: [['a', 'a']],
  $setUnion: [['a', 'a']],
  $setIntersection: [['a', 'a']],
  $setDifference: [['a', 'a']],
  $setIsSubset: [['a', 'a']],
  $allElementsTrue: [['A'], ['a']],
  $anyElementTrue: [['A'], ['a']],
  $type: [['x']],
  $isNumber: [['x']],
  $bsonSize: [['o']],
  $binarySize: [['s'], ['x']],
  $toInt: [['n'], ['s'], ['x']],
  $toLong: [['n'], ['s'], ['x']],
  $toDouble: [['n'], ['s'], ['x']],
  $toDecimal: [['n'], ['s'], ['x']],
  $toBool: [['x']],
  $toString: [['n'], ['x']],
  $toDate: [['n'], ['x']],
  $toObjectId: [['s'], ['x']],
  $year: [['d']],
  $month: [['d']],
  $dayOfMonth: [['d']],
  $dayOfWeek: [['d']],
  $dayOfYear: [['d']],
  $hour: [['d']],
  $minute: [['d']],
  $second: [['d']],
  $millisecond: [['d']],
  $week: [['d']],
  $isoWeek: [['d']],
  $isoWeekYear: [['d']],
  $isoDayOfWeek: [['d']],
  $sum: [['n', 'n', 'x'], ['a'], ['n']],
  $avg: [['n', 'n', 'x'], ['a']],
  $min: [['x', 'x'], ['a']],
  $max: [['x', 'x'], ['a']],
  $tsSecond: [['x']],
  $tsIncrement: [['x']]
};

const ZONES = ['UTC', '+05:30', 'America/New_York', 'Europe/Paris', '-03', 'Asia/Kolkata', 'Nowhere/X'];
const UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'];
const FORMATS = ['%Y-%m-%d', '%G-%V-%u', '%H:%M:%S.%L %z', '%j %U %w', '%Y%%%d', '%Z', '%d/%m/%Y', '%'];

type Maker = (r: Random, depth: number) => readonly (readonly [string, RawValue])[];

const maybe = (r: Random, p: number, key: string, make: () => RawValue): (readonly [string, RawValue])[] =>
  r.chance(p) ? [[key, make()]] : [];

/** Operators with named operands. */
const NAMED: Readonly<Record<string, Maker>> = {
  $map: (r, d) => [
    ['input', operand(r, 'a', d)],
    ['as', string('v')],
    ['in', body(r, '$$v')]
  ],
  $filter: (r, d) => [
    ['input', operand(r, 'a', d)],
    ['as', string('v')],
    ['cond', obj(['$gt', arr(string('$$v'), operand(r, 'n', 0))])],
    ...maybe(r, 0.3, 'limit', () => operand(r, 'i', 0))
  ],
  $reduce: (r, d) => [
    ['input', operand(r, 'a', d)],
    ['initialValue', operand(r, 'n', 0)],
    ['in', obj(['$add', arr(string('$$value'), string('$$this'))])]
  ],
  $let: (r, d) => [
    ['vars', obj(['v', operand(r, 'x', d)], ['w', operand(r, 'n', d)])],
    ['in', body(r, r.pick(['$$v', '$$w']))]
  ],
  $cond: (r, d) => [
    ['if', operand(r, 'x', d)],
    ['then', operand(r, 'x', d)],
    ['else', operand(r, 'x', d)]
  ],
  $switch: (r, d) => [
    [
      'branches',
      arr(...r.times(1, 3, () => obj(['case', operand(r, 'x', d)], ['then', operand(r, 'x', d)])))
    ],
    ...maybe(r, 0.7, 'default', () => operand(r, 'x', d))
  ],
  $trim: (r, d) => [['input', operand(r, 's', d)], ...maybe(r, 0.4, 'chars', () => operand(r, 's', 0))],
  $ltrim: (r, d) => [['input', operand(r, 's', d)], ...maybe(r, 0.4, 'chars', () => operand(r, 's', 0))],
  $rtrim: (r, d) => [['input', operand(r, 's', d)], ...maybe(r, 0.4, 'chars', () => operand(r, 's', 0))],
  $replaceOne: (r, d) => [
    ['input', operand(r, 's', d)],
    ['find', operand(r, 's', 0)],
    ['replacement', operand(r, 's', 0)]
  ],
  $replaceAll: (r, d) => [
    ['input', operand(r, 's', d)],
    ['find', string(r.pick(['a', 'X', 'é', ',']))],
    ['replacement', operand(r, 's', 0)]
  ],
  $regexMatch: (r, d) => [
    ['input', operand(r, 's', d)],
    ['regex', operand(r, 'R', 0)],
    ...maybe(r, 0.2, 'options', () => string(r.pick(['i', 'm', ''])))
  ],
  $regexFind: (r, d) => [
    ['input', operand(r, 's', d)],
    ['regex', operand(r, 'R', 0)]
  ],
  $regexFindAll: (r, d) => [
    ['input', operand(r, 's', d)],
    ['regex', operand(r, 'R', 0)]
  ],
  $zip: (r, d) => [
    ['inputs', arr(operand(r, 'a', d), operand(r, 'a', d))],
    ...maybe(r, 0.5, 'useLongestLength', () => TRUE)
  ],
  $sortArray: (r, d) => [
    ['input', operand(r, 'a', d)],
    ['sortBy', r.chance(0.6) ? int32(r.chance(0.5) ? 1 : -1) : obj(['a', int32(1)])]
  ],
  $firstN: (r, d) => [
    ['n', operand(r, 'i', 0)],
    ['input', operand(r, 'a', d)]
  ],
  $lastN: (r, d) => [
    ['n', operand(r, 'i', 0)],
    ['input', operand(r, 'a', d)]
  ],
  $maxN: (r, d) => [
    ['n', operand(r, 'i', 0)],
    ['input', operand(r, 'a', d)]
  ],
  $minN: (r, d) => [
    ['n', operand(r, 'i', 0)],
    ['input', operand(r, 'a', d)]
  ],
  $getField: (r, d) => [
    ['field', string(r.pick(['a', 'b', 'a.b']))],
    ['input', operand(r, 'o', d)]
  ],
  $setField: (r, d) => [
    ['field', string(r.pick(['a', 'b', 'a.b', 'z']))],
    ['input', operand(r, 'o', d)],
    ['value', r.chance(0.2) ? string('$$REMOVE') : operand(r, 'x', d)]
  ],
  $unsetField: (r, d) => [
    ['field', string(r.pick(['a', 'b', 'z']))],
    ['input', operand(r, 'o', d)]
  ],
  $convert: (r, d) => [
    ['input', operand(r, r.pick(['n', 's', 'x', 'd']), d)],
    [
      'to',
      r.chance(0.8)
        ? string(
            r.pick([
              'int',
              'long',
              'double',
              'decimal',
              'string',
              'bool',
              'date',
              'objectId',
              'array',
              'nope'
            ])
          )
        : operand(r, 'i', 0)
    ],
    ...maybe(r, 0.5, 'onError', () => string('ERR')),
    ...maybe(r, 0.3, 'onNull', () => string('NULL'))
  ],
  $dateToString: (r, d) => [
    ['date', operand(r, 'd', d)],
    ...maybe(r, 0.7, 'format', () => string(r.pick(FORMATS))),
    ...maybe(r, 0.5, 'timezone', () => string(r.pick(ZONES))),
    ...maybe(r, 0.2, 'onNull', () => string('none'))
  ],
  $dateToParts: (r, d) => [
    ['date', operand(r, 'd', d)],
    ...maybe(r, 0.5, 'timezone', () => string(r.pick(ZONES))),
    ...maybe(r, 0.4, 'iso8601', () => operand(r, 'b', 0))
  ],
  $dateFromParts: r =>
    r.chance(0.7)
      ? [
          ['year', int32(1900 + r.int(200))],
          ...maybe(r, 0.6, 'month', () => int32(r.int(16) - 1)),
          ...maybe(r, 0.6, 'day', () => int32(r.int(40) - 3)),
          ...maybe(r, 0.4, 'hour', () => int32(r.int(30))),
          ...maybe(r, 0.3, 'timezone', () => string(r.pick(ZONES)))
        ]
      : [
          ['isoWeekYear', int32(1990 + r.int(50))],
          ...maybe(r, 0.6, 'isoWeek', () => int32(r.int(54))),
          ...maybe(r, 0.6, 'isoDayOfWeek', () => int32(r.int(9)))
        ],
  $dateFromString: r => [
    [
      'dateString',
      string(
        r.pick([
          '2017-02-08',
          '2017-02-08T12:10:40.787Z',
          '2017-02-08T12:10:40',
          '2017-02-08 12:10:40',
          '2017-02-08T12:10:40+01:00',
          'oops',
          '2020-13-01',
          '',
          '20170208',
          '2017-02-08T12:10',
          '08 Feb 2017',
          '2017-02-30'
        ])
      )
    ],
    ...maybe(r, 0.3, 'timezone', () => string(r.pick(ZONES))),
    ...maybe(r, 0.3, 'onError', () => string('ERR'))
  ],
  $dateAdd: (r, d) => [
    ['startDate', operand(r, 'd', d)],
    ['unit', string(r.pick(UNITS))],
    ['amount', operand(r, 'i', 0)],
    ...maybe(r, 0.4, 'timezone', () => string(r.pick(ZONES)))
  ],
  $dateSubtract: (r, d) => [
    ['startDate', operand(r, 'd', d)],
    ['unit', string(r.pick(UNITS))],
    ['amount', operand(r, 'i', 0)],
    ...maybe(r, 0.4, 'timezone', () => string(r.pick(ZONES)))
  ],
  $dateDiff: (r, d) => [
    ['startDate', operand(r, 'd', d)],
    ['endDate', operand(r, 'd', d)],
    ['unit', string(r.pick(UNITS))],
    ...maybe(r, 0.4, 'timezone', () => string(r.pick(ZONES))),
    ...maybe(r, 0.3, 'startOfWeek', () => string(r.pick(['mon', 'Sunday', 'fri'])))
  ],
  $dateTrunc: (r, d) => [
    ['date', operand(r, 'd', d)],
    ['unit', string(r.pick(UNITS))],
    ...maybe(r, 0.4, 'binSize', () => int32(1 + r.int(7))),
    ...maybe(r, 0.4, 'timezone', () => string(r.pick(ZONES))),
    ...maybe(r, 0.3, 'startOfWeek', () => string(r.pick(['mon', 'Sunday', 'fri'])))
  ]
};

function body(r: Random, variable: string): RawValue {
  return r.pick([
    string(variable),
    obj(['$add', arr(string(variable), int32(1))]),
    obj(['$type', string(variable)]),
    obj(['$ifNull', arr(string(variable), string('none'))]),
    obj(['$eq', arr(string(variable), int32(2))]),
    string(`${variable}.a`)
  ]);
}

/** A random expression. */
export function expression(r: Random, depth: number, only?: string): RawValue {
  const n = r.next();
  if (only === undefined && n < 0.05)
    return string(r.pick(['$a', '$b', '$a.b', '$b.c.a', '$$ROOT', '$$CURRENT.a', '$c']));
  const names = [...Object.keys(FIXED), ...Object.keys(NAMED)];
  const name = only ?? r.pick(names);
  const named = NAMED[name];
  if (named !== undefined && (FIXED[name] === undefined || r.chance(0.5)))
    return obj([name, obj(...named(r, depth))]);
  const shape = r.pick(FIXED[name]!);
  const args = shape.map(kind => operand(r, kind, depth));
  return obj([name, args.length === 1 && r.chance(0.5) ? args[0]! : arr(...args)]);
}

export const OPERATORS = [...new Set([...Object.keys(FIXED), ...Object.keys(NAMED)])];

/** Evaluates an expression on one document on both sides. */
export async function compareExpression(
  client: RawClient,
  input: Buffer,
  spec: RawValue
): Promise<Mismatch | undefined> {
  const reply = await client.command('oracle', {
    aggregate: int32(1),
    pipeline: array(
      arrayOf([obj(['$documents', literal(arr(object(input)))]), obj(['$replaceWith', obj(['x', spec])])])
    ),
    cursor: obj()
  });
  const error = errorOf(reply);
  const theirs = error ?? show(field(batch(reply)[0]!, 'x'));
  const ours = attempt(() => {
    const scope = Scope.create();
    return show(compileExpression(spec, scope).evaluate(newRoot(scope, input)));
  });
  return difference(
    () => `doc ${extendedJsonText(object(input))}\nexpr ${extendedJsonText(spec)}`,
    ours,
    theirs
  );
}

function show(v: Value): string {
  return v === undefined ? 'missing' : extendedJsonText(v);
}

export { documentOf, json, T };
