import { arrayOf, documentOf, T, type RawValue } from '../../bson';
import { isArgonError } from '../../errors';
import { compileFilter } from '../filter';
import { array, object } from '../values';
import type { Filter } from '../api';
import type { ValueOrder } from '../order';
import { readCollection } from './collections';
import { localValues, matchedKeys, ValueIndex } from './join';
import { collect, Memory, type Batch, type Run } from './stage';

/** What documents are joined by. */
export interface JoinFields {
  readonly from: string;
  readonly local: readonly string[];
  readonly foreign: string;
  readonly order: ValueOrder;
}

/**
 * Finds the partners of documents by a field. Where an index leads to them, each batch asks for its own; else the other
 * collection is read once and kept by key, and, when it is too large for that, once for each batch.
 */
export class FieldJoin {
  private whole: Promise<ValueIndex | undefined> | undefined;

  constructor(
    private readonly fields: JoinFields,
    private readonly run: Run
  ) {}

  /** The partners of each document of a batch, in the order of the batch. */
  async partners(batch: Batch): Promise<Buffer[][]> {
    const { fields, run } = this;
    const wanted = batch.map(doc => localValues(doc, fields.local));
    const isIndexed = run.context.isIndexed?.(fields.from, fields.foreign) ?? false;
    const whole = isIndexed ? undefined : await (this.whole ??= this.readWhole());
    if (whole !== undefined) return wanted.map(values => whole.find(values));
    return this.search(wanted);
  }

  private async readWhole(): Promise<ValueIndex | undefined> {
    try {
      return await this.index(readCollection(this.run, this.fields.from));
    } catch (error) {
      if (isTooMuch(error)) return undefined;
      throw error;
    }
  }

  private async search(wanted: readonly (readonly RawValue[])[]): Promise<Buffer[][]> {
    const { from, foreign, order } = this.fields;
    const asked = new Map(wanted.flat().map(value => [order.keyText(value), value]));
    const list = [...asked.values()];
    // A regular expression in a list would match, not be equal.
    const isPlain = list.every(({ type }) => type !== T.REGEX && type !== T.UNDEFINED);
    const filter = isPlain ? filterFor(foreign, list, order) : undefined;
    try {
      const index = await this.index(readCollection(this.run, from, filter));
      return wanted.map(values => index.find(values));
    } catch (error) {
      if (!isTooMuch(error) || wanted.length === 1) throw error;
      const middle = wanted.length >> 1;
      return [...(await this.search(wanted.slice(0, middle))), ...(await this.search(wanted.slice(middle)))];
    }
  }

  private async index(source: AsyncIterable<Batch>): Promise<ValueIndex> {
    const { foreign, order } = this.fields;
    const docs = await collect(source, new Memory(this.run, '$lookup'));
    return new ValueIndex(docs, order, matchedKeys(foreign, order));
  }
}

/** Finds what has one of some values at a path. */
export function filterFor(path: string, list: readonly RawValue[], order: ValueOrder): Filter {
  return compileFilter(
    inFilter(path, list),
    order.collation === undefined ? {} : { collation: order.collation.source }
  );
}

function inFilter(path: string, list: readonly RawValue[]): Buffer {
  return documentOf([{ ...object(documentOf([{ ...array(arrayOf(list)), name: '$in' }])), name: path }]);
}

/** Whether it is that something has no room in memory. */
export function isTooMuch(error: unknown): boolean {
  return isArgonError(error) && error.data['mongoCode'] === 292;
}
