import type { Commit } from '@argon/wal-core';
import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { readTransaction } from '../transactions/enter';
import type { WireTransaction } from '../transactions/transaction';
import { addWriteConcernError } from './write-reply';

/** Makes a transaction durable and visible. Asked again, also after the bridge was started again, it answers the same. */
export const commitTransaction: Command = {
  name: 'commitTransaction',
  fields: ['recoveryToken'],
  adminOnly: true,
  writes: true,
  transaction: 'ends',
  run: async context => {
    const { transactions } = context.services;
    const { session, number } = identityOf(context);
    const remembered = transactions.outcome(session, number);
    if (remembered === undefined) {
      const transaction = transactions.toCommit(session, number);
      const isRepeated = transaction.phase === 'committed';
      try {
        note(context, await transaction.commit());
      } finally {
        context.services.cursors.transactionEnded(session, number);
      }
      if (!isRepeated) {
        tell(context, transaction);
      }
    } else {
      note(context, remembered);
    }
    return addWriteConcernError(emptyReply(), context.args);
  }
};

export const abortTransaction: Command = {
  name: 'abortTransaction',
  fields: ['recoveryToken'],
  adminOnly: true,
  writes: true,
  transaction: 'ends',
  run: context => {
    const { transactions, cursors } = context.services;
    const { session, number } = identityOf(context);
    if (transactions.outcome(session, number) !== undefined) {
      throw new MongoError('TransactionCommitted', `Transaction ${number} has been committed.`);
    }
    transactions.get(session, number).abort();
    cursors.transactionEnded(session, number);
    return addWriteConcernError(emptyReply(), context.args);
  }
};

function identityOf({ args, session, name }: CommandContext): { session: string; number: bigint } {
  const identity = readTransaction(args, session);
  if (identity === undefined) {
    throw new MongoError('CommandFailed', `${name} must be run within a transaction`);
  }
  return { session: session!, number: identity.number };
}

function note(context: CommandContext, commits: readonly Commit[]): void {
  commits.forEach(commit => noteCommit(context, commit));
}

/** Tells the kernel's session what was written, now that it counts. */
function tell({ place, services }: CommandContext, transaction: WireTransaction): void {
  if (place === undefined) {
    return;
  }
  for (const write of transaction.writes()) {
    const commit = transaction.commits.find(
      ({ project, branch }) => project === write.project && branch === write.branch
    );
    if (commit !== undefined) {
      const { timeline, firstLsn, lastLsn } = commit;
      services.sessions.noteWrite(place.id, { ...write, timeline, firstLsn, lastLsn });
    }
  }
}
