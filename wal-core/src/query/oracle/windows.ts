import { documentOf, elements, type RawValue } from '../../bson';
import { date, double, int32, NULL, object, string } from '../values';
import { arr, doc, json, obj, Random, smallInt } from './random';

/** Documents for window functions: a partition, an order with ties, numbers with gaps. */
export function windowDocument(r: Random, id: number): Buffer {
  return doc([
    ['_id', int32(id)],
    ['p', r.pick([string('x'), string('y'), int32(1), NULL])],
    ['t', int32(r.int(12))],
    ['u', int32(id * 3 + r.int(2))],
    ['d', date(1672531200000n + BigInt(id * 86_400_000 + r.int(3) * 3_600_000))],
    ['v', r.pick([smallInt(r), double(r.int(100) / 8), NULL, json({ $numberLong: '7' })])],
    ...(r.chance(0.8) ? [['w', int32(r.int(50))] as const] : []),
    ['z', int32(r.int(50))]
  ]);
}

function window(r: Random, byDate: boolean): (readonly [string, RawValue])[] {
  const end = (low: boolean): RawValue =>
    r.pick([string('unbounded'), string('current'), int32(low ? -r.int(4) : r.int(4))]);
  const n = r.next();
  if (n < 0.2) return [];
  if (n < 0.65) return [['window', obj(['documents', arr(end(true), end(false))])]];
  return [
    [
      'window',
      obj(
        ['range', arr(end(true), end(false))],
        ...(byDate ? [['unit', string(r.pick(['day', 'hour', 'week']))] as const] : [])
      )
    ]
  ];
}

/** A random `$setWindowFields`, `$fill` or `$densify`, with its output in a fixed order of fields. */
export function windowStages(r: Random): RawValue[] {
  const names = ['_id', 'p', 't', 'u', 'd', 'v', 'w', 'o0', 'o1', 'o2'];
  return [
    windowStage(r),
    obj(['$replaceWith', obj(...names.map(name => [name, string(`$${name}`)] as const))])
  ];
}

function windowStage(r: Random): RawValue {
  const kind = r.next();
  if (kind < 0.12) {
    const numeric = r.chance(0.6);
    // mongod 6.0 puts documents below explicit bounds when there are partitions as well.
    const explicit = numeric && r.chance(0.4);
    return obj([
      '$densify',
      obj(
        ['field', string(numeric ? 't' : 'd')],
        ...(!explicit && r.chance(0.5) ? [['partitionByFields', arr(string('p'))] as const] : []),
        [
          'range',
          obj(
            ['step', int32(1 + r.int(3))],
            ...(numeric ? [] : [['unit', string(r.pick(['day', 'hour']))] as const]),
            ['bounds', explicit ? arr(int32(2), int32(15)) : string('full')]
          )
        ]
      )
    ]);
  }
  if (kind < 0.25) {
    return obj([
      '$fill',
      obj(
        ...(r.chance(0.5) ? [['partitionByFields', arr(string('p'))] as const] : []),
        ['sortBy', obj(['u', int32(1)])],
        [
          'output',
          obj([
            'v',
            obj(
              r.pick([
                ['value', int32(9)],
                ['method', string('linear')],
                ['method', string('locf')]
              ] as const)
            )
          ])
        ]
      )
    ]);
  }
  const byDate = r.chance(0.3);
  const unique = byDate ? 'd' : r.pick(['u', 't']);
  const simple = unique !== 't';
  const outputs = r
    .times(1, 3, () => {
      switch (r.int(12)) {
        case 0:
          return obj([r.pick(['$rank', '$denseRank', '$documentNumber']), obj()]);
        case 1:
          return obj([
            '$shift',
            obj(
              ['output', string('$v')],
              ['by', int32(r.int(5) - 2)],
              ...(r.chance(0.5) ? [['default', string('none')] as const] : [])
            )
          ]);
        case 2:
          return obj([
            '$expMovingAvg',
            obj(['input', string('$w')], r.chance(0.5) ? ['N', int32(1 + r.int(4))] : ['alpha', double(0.25)])
          ]);
        case 3:
          return obj([r.pick(['$locf', '$linearFill']), string('$v')]);
        case 4:
          return obj(
            [
              '$derivative',
              obj(['input', string('$z')], ...(byDate ? [['unit', string('hour')] as const] : []))
            ],
            ['window', obj(['documents', arr(int32(-1), int32(0))])]
          );
        case 5:
          return obj(
            [
              '$integral',
              obj(['input', string('$z')], ...(byDate ? [['unit', string('hour')] as const] : []))
            ],
            ...window(r, byDate)
          );
        case 6:
          return obj(
            [r.pick(['$covariancePop', '$covarianceSamp']), arr(string('$v'), string('$w'))],
            ['window', obj(['documents', arr(string('unbounded'), string('current'))])]
          );
        default:
          return obj(
            [r.pick(['$sum', '$avg', '$min', '$max', '$first', '$last', '$push', '$count']), string('$v')],
            ...window(r, byDate)
          );
      }
    })
    .map(output => fixCount(output));
  return obj([
    '$setWindowFields',
    obj(
      ...(r.chance(0.7) ? [['partitionBy', string('$p')] as const] : []),
      ['sortBy', simple ? obj([unique, int32(1)]) : obj(['t', int32(1)], ['_id', int32(1)])],
      [
        'output',
        obj(...outputs.map((output, i) => [`${isCovariance(output) ? 'c' : 'o'}${i}`, output] as const))
      ]
    )
  ]);
}

/** `$count` takes an empty document. */
function fixCount(output: RawValue): RawValue {
  return object(
    documentOf(elements(output.bytes).map(e => (e.name === '$count' ? { name: '$count', ...obj() } : e)))
  );
}

function isCovariance(output: RawValue): boolean {
  return elements(output.bytes)[0]!.name.startsWith('$covariance');
}
