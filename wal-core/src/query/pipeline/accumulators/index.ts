import type { RawElement } from '../../../bson/raw';
import { T } from '../../../bson/types';
import { queryError } from '../../error';
import type { Scope } from '../../expression';
import { int32 } from '../../values';
import { fleeting } from './fleeting';
import { AddToSet, End, Merge, Push, Spread } from './folds';
import { sortedN, takeN } from './several';
import { simple, type AccumulatorFactory } from './state';
import { Average, Extreme, Sum } from './sums';

export type { Accumulator, AccumulatorFactory, DocumentFrame } from './state';

/** Compiles `{$sum: …}` of a `$group` field. @throws 15952 for unknown accumulators */
export function compileAccumulator(argument: RawElement, scope: Scope, leading = false): AccumulatorFactory {
  switch (argument.name) {
    case '$sum':
      return fleeting(argument, scope, () => new Sum());
    case '$avg':
      return fleeting(argument, scope, () => new Average());
    case '$min':
      return fleeting(argument, scope, () => new Extreme(scope.order, 1, leading));
    case '$max':
      return fleeting(argument, scope, () => new Extreme(scope.order, -1, leading));
    case '$first':
      return simple(argument, scope, () => new End('first'));
    case '$last':
      return simple(argument, scope, () => new End('last'));
    case '$push':
      return simple(argument, scope, () => new Push());
    case '$addToSet':
      return simple(argument, scope, () => new AddToSet(scope.order));
    case '$stdDevPop':
      return simple(argument, scope, () => new Spread(false));
    case '$stdDevSamp':
      return simple(argument, scope, () => new Spread(true));
    case '$mergeObjects':
      return simple(argument, scope, () => new Merge());
    case '$count': {
      if (argument.type !== T.OBJECT || argument.bytes.length > 5) {
        throw queryError(argument.type === T.OBJECT ? 9 : 14, '$count takes no arguments, i.e. $count:{}');
      }
      return fleeting({ ...argument, ...int32(1) }, scope, () => new Sum());
    }
    case '$firstN':
      return takeN('first', argument, scope);
    case '$lastN':
      return takeN('last', argument, scope);
    case '$maxN':
      return takeN('max', argument, scope);
    case '$minN':
      return takeN('min', argument, scope);
    case '$top':
      return sortedN(false, true, argument, scope);
    case '$bottom':
      return sortedN(true, true, argument, scope);
    case '$topN':
      return sortedN(false, false, argument, scope);
    case '$bottomN':
      return sortedN(true, false, argument, scope);
    case '$accumulator':
      throw queryError(238, '$accumulator is not implemented');
    default:
      throw queryError(15952, `unknown group operator '${argument.name}'`);
  }
}
