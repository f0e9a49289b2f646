import { documentOf, elements, isNumberType, T, type RawValue } from '../../bson';
import { Pace } from '../../log/pace';
import { queryError } from '../error';
import type { Scope } from '../expression';
import { parseFilter, type FilterScope } from '../filter/parse';
import { toNumber } from '../numeric';
import { showElement } from '../show';
import { compileSort } from '../sort';
import { intOrLong, textOf } from '../values';
import { batches, Memory, perBatch, type Stage, type StageCompiler } from './stage';
import type { Sort, Spill } from '../api';

/** `$match`. */
export const match: StageCompiler = (argument, scope, name) => {
  if (argument.type !== T.OBJECT)
    throw queryError(15959, 'the match filter must be an expression in an object');
  const filterScope: FilterScope = {
    expressions: () => scope,
    random: scope.unit.random,
    order: scope.order
  };
  const filter = parseFilter(argument.bytes, filterScope);
  return perBatch(name, run => batch => {
    filterScope.vars = run.vars;
    return batch.filter(doc => filter.matches(doc, 0));
  });
};

/** A whole number argument of `$limit`, `$skip` and the like. */
function wholeNumber(argument: RawValue, name: string, code: number, least: number): number {
  const shown = showElement({ ...argument, name });
  if (!isNumberType(argument.type))
    throw queryError(code, `invalid argument to ${name} stage: Expected a number in: ${shown}`);
  const n = toNumber(argument);
  if (!Number.isInteger(n))
    throw queryError(code, `invalid argument to ${name} stage: Expected an integer: ${shown}`);
  if (n < least) {
    throw queryError(
      least === 1 && n === 0 ? 15958 : code,
      n < 0
        ? `invalid argument to ${name} stage: Expected a non-negative number in: ${name}: ${n}`
        : 'the limit must be positive'
    );
  }
  return n;
}

/** `$limit`: stops reading its source once it has enough. */
export const limit: StageCompiler = (argument, _scope, name): Stage => {
  const most = wholeNumber(argument, name, 5107201, 1);
  return {
    name,
    limit: most,
    async *run(source) {
      let left = most;
      for await (const batch of source) {
        if (batch.length >= left) {
          yield batch.slice(0, left);
          return;
        }
        left -= batch.length;
        yield batch;
      }
    }
  };
};

/** `$skip`. */
export const skip: StageCompiler = (argument, _scope, name): Stage => {
  const first = wholeNumber(argument, name, 5107200, 0);
  return {
    ...perBatch(name, () => {
      let left = first;
      return batch => {
        if (left === 0) return batch;
        const dropped = Math.min(left, batch.length);
        left -= dropped;
        return batch.slice(dropped);
      };
    }),
    skip: first
  };
};

/** `$sort`; with `most` it keeps no more than that many documents. */
export function sortStage(sort: Sort, most: number | undefined): Stage {
  return {
    name: '$sort',
    async *run(source, run) {
      const memory = new Memory(run, '$sort');
      const sorter = sort.sorter(most);
      let spill: Spill | undefined;
      try {
        for await (const batch of source) {
          for (const doc of batch) sorter.push(doc);
          if (run.context.spill !== undefined && memory.exceeds(sorter.bytes))
            sorter.spill((spill ??= run.context.spill()));
          memory.hold(sorter.bytes);
        }
        const pace = new Pace(run.context.signal);
        for (const batch of sorter.finish()) {
          if (batch.length > 0) yield batch;
          if (pace.isDue) await pace.rest();
        }
      } finally {
        spill?.close();
      }
    }
  };
}

/** Checks and compiles the argument of `$sort`. */
export function sortArgument(argument: RawValue, scope: Scope): Sort {
  if (argument.type !== T.OBJECT) throw queryError(15973, 'the $sort key specification must be an object');
  const sort = compileSort(argument.bytes, scope.collation);
  if (sort.isEmpty) throw queryError(15976, '$sort stage must have at least one sort key');
  return sort;
}

/** `$count: "name"`. */
export const count: StageCompiler = (argument, _scope, name): Stage => {
  if (argument.type !== T.STRING) throw queryError(40156, 'the count field must be a non-empty string');
  const field = textOf(argument);
  if (field === '') throw queryError(40157, 'the count field must be a non-empty string');
  if (field.includes('\0')) throw queryError(40159, 'the count field cannot contain a null byte');
  if (field.startsWith('$')) throw queryError(40158, 'the count field cannot be a $-prefixed path');
  if (field.includes('.')) throw queryError(40160, "the count field cannot contain '.'");
  return {
    name,
    async *run(source) {
      let n = 0;
      for await (const batch of source) n += batch.length;
      if (n > 0) yield [documentOf([{ ...intOrLong(n), name: field }])];
    }
  };
};

/** `$sample: {size}`: each document with the same chance (reservoir). */
export const sample: StageCompiler = (argument, _scope, name): Stage => {
  if (argument.type !== T.OBJECT)
    throw queryError(28745, 'the $sample stage specification must be an object');
  let size: number | undefined;
  for (const element of elements(argument.bytes)) {
    if (element.name !== 'size') throw queryError(28748, `unrecognized option to $sample: ${element.name}`);
    if (!isNumberType(element.type)) throw queryError(28746, 'size argument to $sample must be a number');
    size = Math.trunc(toNumber(element));
    if (size < 0) throw queryError(28747, 'size argument to $sample must not be negative');
  }
  if (size === undefined) throw queryError(28749, '$sample stage must specify a size');
  const wanted = size;
  return {
    name,
    async *run(source, run) {
      const random = run.context.random ?? Math.random;
      const memory = new Memory(run, '$sample');
      const kept: Buffer[] = [];
      let seen = 0;
      for await (const batch of source) {
        for (const doc of batch) {
          seen++;
          if (kept.length < wanted) {
            memory.add(doc.length + 64);
            kept.push(doc);
          } else {
            const at = Math.floor(random() * seen);
            if (at < wanted) kept[at] = doc;
          }
        }
      }
      for (let i = kept.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [kept[i], kept[j]] = [kept[j]!, kept[i]!];
      }
      yield* batches(kept);
    }
  };
};
