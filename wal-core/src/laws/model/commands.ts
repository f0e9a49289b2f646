import fc from 'fast-check';
import type { Retention } from './book';

/** One change inside a write. */
export interface DocumentChange {
  readonly collection: string;
  readonly id: number;
  /** Undefined removes the document. */
  readonly value: number | undefined;
}

export interface WriteCommand {
  readonly do: 'write';
  readonly on: number;
  readonly changes: readonly DocumentChange[];
  readonly atomic: boolean;
  /** Reads must be right while the state on disk does not have the write yet. */
  readonly held: boolean;
  /** Owner of a remembered reply, as a retryable write has it. */
  readonly retry: number | undefined;
}

export interface TransactionPart {
  readonly on: number;
  /** In the second project. */
  readonly elsewhere: boolean;
  readonly changes: readonly DocumentChange[];
}

/** Some of a branch's own changes: a few in a row somewhere in its history, or those of a person or a cell. */
export interface Selection {
  readonly by: 'range' | 'actor' | 'cell';
  readonly at: number;
}

/** How a power failure leaves what was written and not flushed. */
export type Tear = 'kept' | 'dropped' | 'cut' | 'sectors' | 'pages';

/** Which state lies beside the log after a crash: that of the moment, one from before, none. */
export type StateLeft = 'now' | 'held' | 'older' | 'none';

/**
 * What may happen to a project. Branches, collections and places in history are numbers that are taken
 * modulo what there is, so that any part of a list of commands is a list of commands.
 */
export type Command =
  | WriteCommand
  | { readonly do: 'crowd'; readonly writes: readonly WriteCommand[] }
  | {
      readonly do: 'transaction';
      readonly parts: readonly TransactionPart[];
      /** A write of somebody else before the commit. */
      readonly meanwhile: WriteCommand | undefined;
      readonly commits: boolean;
    }
  | {
      readonly do: 'branch';
      readonly on: number;
      readonly at: number;
      readonly expiresIn: number | undefined;
    }
  | { readonly do: 'reset'; readonly on: number; readonly at: number }
  | { readonly do: 'pin'; readonly on: number; readonly at: number }
  | { readonly do: 'delete' | 'rename' | 'undo' | 'unpin'; readonly on: number }
  | {
      readonly do: 'undo-some';
      readonly on: number;
      readonly selection: Selection;
      readonly answers: number;
    }
  | {
      readonly do: 'pick';
      readonly on: number;
      readonly from: number;
      readonly selection: Selection;
      readonly answers: number;
    }
  | {
      readonly do: 'restore';
      readonly on: number;
      readonly from: number;
      readonly at: number;
      readonly collection: string | undefined;
      /** Some documents of the collection; undefined is all of it. */
      readonly ids: readonly number[] | undefined;
    }
  | { readonly do: 'protect'; readonly on: number; readonly which: number }
  | {
      readonly do: 'retain';
      /** Undefined is the whole project. */
      readonly on: number | undefined;
      readonly retention: Retention | undefined;
    }
  /** `retention` in place of what was said before. */
  | { readonly do: 'collect'; readonly retention: Retention | undefined }
  | { readonly do: 'back-up'; readonly writes: readonly WriteCommand[] }
  | {
      readonly do: 'index' | 'unindex';
      readonly on: number;
      readonly collection: string;
      readonly which: number;
    }
  | { readonly do: 'drop' | 'rename-collection'; readonly on: number; readonly collection: string }
  | { readonly do: 'merge'; readonly on: number; readonly from: number; readonly answers: number }
  | { readonly do: 'wait'; readonly ms: number }
  | {
      readonly do: 'crash';
      readonly writes: readonly WriteCommand[];
      /** Calls of the log's file system that still work. */
      readonly calls: number;
      readonly tear: Tear;
      readonly state: StateLeft;
    }
  | { readonly do: 'reopen' | 'settle' | 'keep' | 'sweep' | 'restore-backup' };

export type CommandName = Command['do'];

const on = fc.nat(7);
const at = fc.nat(99);
const collection = fc.constantFrom('items', 'items', 'orders');

const change: fc.Arbitrary<DocumentChange> = fc.record({
  collection,
  id: fc.nat(9),
  value: fc.option(fc.nat(99), { nil: undefined, freq: 4 })
});
const changes = fc.array(change, { minLength: 1, maxLength: 5 });

const write: fc.Arbitrary<WriteCommand> = fc.record({
  do: fc.constant('write' as const),
  on,
  changes,
  atomic: fc.boolean(),
  held: fc.boolean(),
  retry: fc.option(fc.nat(1), { nil: undefined, freq: 5 })
});
const writes = fc.array(write, { minLength: 2, maxLength: 5 });

const selection: fc.Arbitrary<Selection> = fc.record({
  by: fc.constantFrom('range' as const, 'range' as const, 'actor' as const, 'cell' as const),
  at
});
const retention: fc.Arbitrary<Retention> = fc.oneof(
  fc.record({ keepLsns: fc.nat(40) }),
  fc.record({ keepMs: fc.nat(600_000) }),
  fc.record({ keepLsns: fc.nat(10), keepMs: fc.nat(200_000) })
);

/** Kinds of commands, and how often each comes. */
const KINDS: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Command> }[] = [
  { weight: 12, arbitrary: write },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crowd' as const), writes }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('transaction' as const),
      parts: fc.array(fc.record({ on, elsewhere: fc.nat(3).map(n => n === 0), changes }), {
        minLength: 1,
        maxLength: 3
      }),
      meanwhile: fc.option(write, { nil: undefined }),
      commits: fc.nat(5).map(n => n > 0)
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('branch' as const),
      on,
      at,
      expiresIn: fc.option(fc.nat(100_000), { nil: undefined, freq: 4 })
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('reset' as const, 'pin' as const), on, at }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'rename' as const, 'unpin' as const), on })
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('undo' as const), on }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('undo-some' as const), on, selection, answers: fc.nat() })
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pick' as const), on, from: on, selection, answers: fc.nat() })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('restore' as const),
      on,
      from: on,
      at,
      collection: fc.option(collection, { nil: undefined }),
      ids: fc.option(fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }), { nil: undefined })
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('protect' as const), on, which: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('retain' as const),
      on: fc.option(on, { nil: undefined }),
      retention: fc.option(retention, { nil: undefined })
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('collect' as const),
      retention: fc.option(retention, { nil: undefined })
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('back-up' as const), writes }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('index' as const, 'unindex' as const),
      on,
      collection,
      which: fc.nat(2)
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('drop' as const, 'rename-collection' as const),
      on,
      collection
    })
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('merge' as const), on, from: on, answers: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: -50_000, max: 200_000 }) })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      writes,
      calls: fc.nat(8),
      tear: fc.constantFrom<Tear[]>('kept', 'dropped', 'cut', 'sectors', 'pages'),
      state: fc.constantFrom<StateLeft[]>('now', 'held', 'older', 'none')
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('reopen' as const, 'settle' as const, 'keep' as const) })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('sweep' as const, 'sweep' as const, 'restore-backup' as const)
    })
  }
];

/** Any command, writes most of all. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(...KINDS);

function writeOn(branch: number, changed: DocumentChange[]): WriteCommand {
  return { do: 'write', on: branch, changes: changed, atomic: false, held: false, retry: undefined };
}

const item = (id: number, value: number | undefined, name = 'items') => ({ collection: name, id, value });

/** A short story in which every kind of command has something to do. */
export const EVERY_COMMAND: readonly Command[] = [
  writeOn(0, [item(1, 1)]),
  { do: 'index', on: 0, collection: 'items', which: 0 },
  { do: 'branch', on: 0, at: 99, expiresIn: undefined },
  { do: 'pin', on: 0, at: 99 },
  { do: 'keep' },
  { do: 'crowd', writes: [writeOn(1, [item(2, 2)]), writeOn(0, [item(1, 3)])] },
  {
    do: 'transaction',
    parts: [
      { on: 0, elsewhere: false, changes: [item(5, 5)] },
      { on: 0, elsewhere: true, changes: [item(5, 5)] },
      { on: 1, elsewhere: false, changes: [item(6, 6), item(1, undefined)] }
    ],
    meanwhile: writeOn(0, [item(7, 7)]),
    commits: true
  },
  { do: 'merge', on: 0, from: 1, answers: 1 },
  { ...writeOn(0, [item(3, 3)]), retry: 1 },
  { do: 'undo', on: 0 },
  { do: 'undo', on: 0 },
  {
    do: 'crash',
    writes: [writeOn(0, [item(8, 8)]), writeOn(1, [item(8, 9)])],
    calls: 1,
    tear: 'cut',
    state: 'older'
  },
  { do: 'undo-some', on: 0, selection: { by: 'range', at: 50 }, answers: 3 },
  writeOn(1, [item(9, 1)]),
  { do: 'pick', on: 0, from: 1, selection: { by: 'range', at: 100 }, answers: 3 },
  { do: 'restore', on: 0, from: 0, at: 40, collection: 'items', ids: [1, 2, 3] },
  { do: 'back-up', writes: [writeOn(0, [item(3, 4)])] },
  { do: 'retain', on: undefined, retention: { keepLsns: 8 } },
  { do: 'collect', retention: undefined },
  { do: 'restore-backup' },
  { do: 'index', on: 0, collection: 'items', which: 2 },
  writeOn(0, [item(4, 3)]),
  { do: 'wait', ms: 40_000 },
  { do: 'sweep' },
  { do: 'protect', on: 0, which: 1 },
  { do: 'merge', on: 0, from: 1, answers: 5 },
  { do: 'protect', on: 0, which: 0 },
  writeOn(0, [item(4, 4, 'orders')]),
  { do: 'settle' },
  { do: 'drop', on: 0, collection: 'orders' },
  { do: 'unindex', on: 0, collection: 'items', which: 0 },
  { do: 'rename-collection', on: 0, collection: 'items' },
  { do: 'reset', on: 0, at: 50 },
  { do: 'rename', on: 1 },
  { do: 'delete', on: 1 },
  { do: 'branch', on: 0, at: 99, expiresIn: 10 },
  { do: 'wait', ms: 20 },
  { do: 'unpin', on: 0 },
  { do: 'reopen' }
];
