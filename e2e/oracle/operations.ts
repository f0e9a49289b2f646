import type { AnyBulkWriteOperation, Collection, Document } from 'mongodb';
import type { Random } from './random';
import { FIELDS, body, number, scalar, value } from './values';

/** A document of the test: its `_id` is a number that grows, so that the order of insertion is the order of `_id`. */
export interface Row extends Document {
  _id: number;
}

/** One random operation: what it is, and how to do it on either server. */
export interface Operation {
  readonly name: string;
  readonly details: unknown;
  run(collection: Collection<Row>): Promise<unknown>;
}

/** mongod sorts an array that is the `_id` of a group as a whole, and everywhere else by its smallest element. */
const NO_ARRAY = { $not: { $type: 'array' } };

/** Makes operations. Which documents exist is only guessed, so many operations miss, clash or fail: on both sides. */
export class Operations {
  private lastId = 0;

  constructor(
    private readonly random: Random,
    /** With secondary indexes a server may look for "any one" along them; then only exact targets are fair. */
    private readonly indexed: boolean
  ) {}

  next(): Operation {
    return this.random.pick(this.kinds)();
  }

  private readonly kinds: readonly (() => Operation)[] = [
    () => this.insertOne(),
    () => this.insertOne(),
    () => this.insertMany(),
    () => this.insertMany(),
    () => this.updateOne(),
    () => this.updateOne(),
    () => this.updateMany(),
    () => this.updateMany(),
    () => this.replaceOne(),
    () => this.deleteOne(),
    () => this.deleteMany(),
    () => this.findAndModify(),
    () => this.findAndModify(),
    () => this.bulkWrite(),
    () => this.bulkWrite(),
    () => this.find(),
    () => this.find(),
    () => this.findOne(),
    () => this.count(),
    () => this.distinct(),
    () => this.aggregate()
  ];

  private insertOne(): Operation {
    const document = this.document();
    return this.operation('insertOne', { document }, collection => collection.insertOne({ ...document }));
  }

  private insertMany(): Operation {
    const documents = this.random.list(1, 6, () => this.document());
    const ordered = this.random.chance(0.5);
    return this.operation('insertMany', { documents, ordered }, collection =>
      collection.insertMany(
        documents.map(document => ({ ...document })),
        { ordered }
      )
    );
  }

  private updateOne(): Operation {
    const filter = this.target();
    const update = this.update();
    const options = this.upsertOptions(filter);
    return this.operation('updateOne', { filter, update, options }, collection =>
      collection.updateOne(filter, update, options)
    );
  }

  private updateMany(): Operation {
    const filter = this.many();
    const update = this.update();
    return this.operation('updateMany', { filter, update }, collection =>
      collection.updateMany(filter, update)
    );
  }

  private replaceOne(): Operation {
    const filter = this.target();
    const document = body(this.random);
    const options = this.upsertOptions(filter);
    return this.operation('replaceOne', { filter, document, options }, collection =>
      collection.replaceOne(filter, document, options)
    );
  }

  private deleteOne(): Operation {
    const filter = this.target();
    return this.operation('deleteOne', { filter }, collection => collection.deleteOne(filter));
  }

  private deleteMany(): Operation {
    const filter = { $and: [this.filter(), { _id: { $mod: [3, this.random.below(3)] } }] } as Document;
    return this.operation('deleteMany', { filter }, collection => collection.deleteMany(filter));
  }

  private findAndModify(): Operation {
    const filter = this.random.chance(0.5) ? this.target() : this.filter();
    const options: Document = {
      sort: this.random.pick<Document>([{ _id: 1 }, { _id: -1 }, { n: 1, _id: 1 }, { a: -1, _id: 1 }]),
      includeResultMetadata: true
    };
    if (this.random.chance(0.4)) {
      options['projection'] = this.projection();
    }
    if (this.random.chance(0.25)) {
      return this.operation('findOneAndDelete', { filter, options }, collection =>
        collection.findOneAndDelete(filter, options)
      );
    }
    options['returnDocument'] = this.random.pick(['before', 'after']);
    Object.assign(options, this.upsertOptions(filter));
    if (this.random.chance(0.3)) {
      const document = body(this.random);
      return this.operation('findOneAndReplace', { filter, document, options }, collection =>
        collection.findOneAndReplace(filter, document, options)
      );
    }
    const update = this.update();
    return this.operation('findOneAndUpdate', { filter, update, options }, collection =>
      collection.findOneAndUpdate(filter, update, options)
    );
  }

  private bulkWrite(): Operation {
    const operations = this.random.list(1, 6, (): AnyBulkWriteOperation<Row> => {
      switch (this.random.below(6)) {
        case 0:
        case 1:
          return { insertOne: { document: this.document() } };
        case 2:
          return { updateOne: { filter: this.target(), update: this.update() } };
        case 3:
          return { updateMany: { filter: this.many(), update: this.update() } };
        case 4:
          return { replaceOne: { filter: this.target(), replacement: body(this.random) } };
        default:
          return { deleteOne: { filter: this.target() } };
      }
    });
    const ordered = this.random.chance(0.5);
    return this.operation('bulkWrite', { operations, ordered }, collection =>
      collection.bulkWrite(structuredCopy(operations), { ordered })
    );
  }

  private find(): Operation {
    const filter = this.filter();
    const options: Document = { batchSize: this.random.pick([0, 1, 2, 3, 100]) };
    const sorted = this.random.chance(0.6);
    if (sorted) {
      options['sort'] = this.random.pick<Document>([
        { _id: -1 },
        { n: 1, _id: 1 },
        { a: 1, _id: -1 },
        { t: -1, _id: 1 }
      ]);
      options['skip'] = this.random.below(4);
      options['limit'] = this.random.pick([0, 1, 2, 5, -2]);
    } else {
      options['sort'] = { _id: 1 };
    }
    if (this.random.chance(0.4)) {
      options['projection'] = this.projection();
    }
    return this.operation('find', { filter, options }, collection =>
      collection.find(filter, options).toArray()
    );
  }

  private findOne(): Operation {
    const filter = this.target();
    const projection = this.random.chance(0.5) ? this.projection() : {};
    return this.operation('findOne', { filter, projection }, collection =>
      collection.findOne(filter, { projection })
    );
  }

  private count(): Operation {
    const filter = this.filter();
    const options = { skip: this.random.below(3), limit: 1 + this.random.below(5) };
    return this.random.chance(0.5)
      ? this.operation('countDocuments', { filter }, collection => collection.countDocuments(filter))
      : this.operation('count', { filter, options }, async collection => {
          const { n } = await this.command(collection, {
            count: collection.collectionName,
            query: filter,
            ...options
          });
          return n as unknown;
        });
  }

  private distinct(): Operation {
    // Along an index mongod shows null for documents without the field, against its own rule.
    const path = this.random.pick(
      this.indexed ? ['b', 'a.x', 'missing'] : ['a', 'b', 'n', 't', 'a.x', 't.0', 'missing']
    );
    const filter = this.filter();
    return this.operation('distinct', { path, filter }, async collection => {
      const { values } = await this.command(collection, {
        distinct: collection.collectionName,
        key: path,
        query: filter
      });
      // Of values that are equal and not the same (1 and 1.0) the first met is shown; an index meets them in its order.
      return this.indexed ? (values as unknown[]).length : (values as unknown);
    });
  }

  private aggregate(): Operation {
    const pipeline = this.random.pick<() => Document[]>([
      () => [{ $match: this.filter() }, { $sort: { _id: 1 } }, { $limit: 5 }],
      () => [{ $match: this.filter() }, { $count: 'n' }],
      () => [
        { $match: { n: NO_ARRAY } },
        { $sort: { _id: 1 } },
        { $group: { _id: '$n', count: { $sum: 1 }, ids: { $push: '$_id' } } },
        { $sort: { _id: 1 } }
      ],
      () => [{ $sort: { n: -1, _id: 1 } }, { $skip: 2 }, { $project: { n: 1, a: 1 } }],
      () => [
        { $unwind: '$t' },
        { $match: { t: NO_ARRAY } },
        { $group: { _id: '$t', sum: { $sum: '$n' } } },
        { $sort: { _id: 1 } }
      ],
      () => [
        { $match: this.filter() },
        { $set: { copy: '$a', n: { $add: ['$n', 1] } } },
        { $sort: { _id: -1 } }
      ]
    ])();
    const batchSize = this.random.pick([1, 2, 100]);
    return this.operation('aggregate', { pipeline, batchSize }, collection =>
      collection.aggregate(pipeline, { batchSize }).toArray()
    );
  }

  private command(collection: Collection<Row>, command: Document): Promise<Document> {
    return collection.db.command(command, { promoteValues: false });
  }

  private document(): Row {
    // Now and then an `_id` that is there already, perhaps. Where it is not any more, the order of insertion would
    // no longer be that of `_id`, and "any one" would be another one.
    const known = this.indexed && this.lastId > 0 && this.random.chance(0.12);
    const _id = known ? 1 + this.random.below(this.lastId) : ++this.lastId;
    const document: Row = { _id, ...body(this.random) };
    if (this.random.chance(0.5)) {
      document['u'] = known ? this.random.below(this.lastId + 1) : _id;
    }
    return document;
  }

  /** Names one document, or none. */
  private target(): Document {
    if (!this.indexed && this.random.chance(0.4)) {
      return this.filter();
    }
    const id = 1 + this.random.below(this.lastId + 2);
    return this.random.pick<Document>([
      { _id: id },
      { _id: id },
      { u: id },
      { _id: { $in: [id] } },
      { _id: id, n: { $gte: 1 } }
    ]);
  }

  /** Names many documents. An update that fails half-way must have met them in the same order on both sides. */
  private many(): Document {
    return this.indexed
      ? { _id: { $gt: this.random.below(this.lastId + 1), $lte: this.random.below(this.lastId + 5) } }
      : this.filter();
  }

  private filter(): Document {
    const name = this.random.pick(FIELDS);
    return this.random.pick<() => Document>([
      () => ({}),
      () => ({ [name]: scalar(this.random) }),
      () => ({ n: { [this.random.pick(['$gt', '$gte', '$lt', '$lte', '$ne'])]: number(this.random) } }),
      () => ({ [name]: { $in: [scalar(this.random), scalar(this.random)] } }),
      () => ({ [name]: { $exists: this.random.chance(0.5) } }),
      () => ({ t: number(this.random) }),
      () => ({ t: { $size: this.random.below(3) } }),
      () => ({ $or: [{ n: number(this.random) }, { a: scalar(this.random) }] }),
      () => ({ 'a.x': scalar(this.random) }),
      () => ({ _id: { $gt: this.random.below(this.lastId + 1), $lte: this.random.below(this.lastId + 5) } })
    ])();
  }

  private update(): Document {
    return this.random.pick<() => Document>([
      () => ({ $set: { [this.random.pick(FIELDS)]: value(this.random) } }),
      () => ({ $set: { b: scalar(this.random), 'a.x': scalar(this.random) } }),
      () => ({ $inc: { n: number(this.random) } }),
      () => ({ $inc: { a: number(this.random) } }),
      () => ({ $unset: { [this.random.pick(FIELDS)]: '' } }),
      () => ({ $push: { t: number(this.random) } }),
      () => ({ $addToSet: { t: { $each: [number(this.random), number(this.random)] } } }),
      () => ({ $pull: { t: number(this.random) } }),
      () => ({ $pop: { t: 1 } }),
      () => ({ $mul: { n: number(this.random) } }),
      () => ({ $min: { n: number(this.random) } }),
      () => ({ $rename: { b: 'c' } }),
      () => ({ $setOnInsert: { b: scalar(this.random) }, $set: { n: number(this.random) } }),
      () => ({ $set: { u: 1 + this.random.below(this.lastId + 1) } }),
      () => ({ $set: { _id: 1 + this.random.below(this.lastId + 1) } })
    ])();
  }

  /** Upserts only where the filter gives the `_id`: a new one of the server would be different on each side. */
  private upsertOptions(filter: Document): Document {
    if (typeof filter['_id'] !== 'number' || !this.random.chance(0.4)) {
      return {};
    }
    if (!this.indexed) {
      filter['_id'] = this.lastId + 1;
    }
    this.lastId = Math.max(this.lastId, Number(filter['_id']));
    return { upsert: true };
  }

  private projection(): Document {
    return this.random.pick<Document>([
      { a: 1 },
      { a: 0 },
      { n: 1, _id: 0 },
      { 'a.x': 1 },
      { t: { $slice: 1 } },
      { _id: 1 }
    ]);
  }

  private operation(name: string, details: unknown, run: Operation['run']): Operation {
    return { name, details, run };
  }
}

/** The driver writes into the operations it is given. */
function structuredCopy(operations: readonly AnyBulkWriteOperation<Row>[]): AnyBulkWriteOperation<Row>[] {
  return operations.map(operation => {
    const [[kind, parts]] = Object.entries(operation) as [[string, Document]];
    return { [kind]: { ...parts } } as unknown as AnyBulkWriteOperation<Row>;
  });
}
