import { rerunPlan, staleCells, type StaleRead } from '../../session/stale';
import { pageSize, type BridgeContext, type Handlers } from '../context';
import type { CellExecution } from '../../session/activity';
import { CELLS_MAX } from '../../session/sessions';
import { presentOrigin } from '../present';
import type { SessionStaleResult } from '../protocol';

/** Sessions of kernels and clients. */
export function sessionMethods({ engine, sessions }: BridgeContext): Handlers<'session'> {
  return {
    async 'session.open'(params, caller) {
      const session = await sessions.open(params, caller.signal.aborted ? undefined : caller);
      caller.session = session.id;
      return session;
    },

    'session.get'({ id }) {
      return sessions.get(id);
    },

    'session.list'() {
      return sessions.list();
    },

    'session.checkout'({ id, project, ref }) {
      return sessions.checkout(id, project, ref);
    },

    'session.cell'({ id, cell }) {
      return cell === null ? sessions.endCell(id) : sessions.startCell(id, cell);
    },

    'session.cells'({ id, limit }) {
      return sessions.cells(id, pageSize(limit, CELLS_MAX, CELLS_MAX));
    },

    async 'session.stale'({ id }) {
      const executions = [...sessions.executions(id)];
      const stale = await staleCells(engine, id, executions);
      return {
        stale: stale.map(({ execution, reads }) => ({
          ...presentCell(execution),
          startedAt: execution.startedAt.toISOString(),
          reads: reads.map(presentStaleRead)
        })),
        plan: (await rerunPlan(engine, id, executions, stale)).map(({ execution, isStale, after }) => ({
          ...presentCell(execution),
          stale: isStale,
          after: after.map(({ cell }) => cell)
        }))
      };
    },

    async 'session.close'({ id }, caller) {
      await sessions.close(id);
      if (caller.session === id) {
        caller.session = undefined;
      }
      return null;
    }
  };
}

function presentCell({ cell, cellNumber }: CellExecution): { cell: string; cellNumber?: number } {
  return { cell, ...(cellNumber === undefined ? {} : { cellNumber }) };
}

function presentStaleRead({
  read: { project, branch, collection, lsn },
  changed
}: StaleRead): SessionStaleResult['stale'][number]['reads'][number] {
  const first = changed && {
    lsn: changed.lsn,
    time: changed.time.toISOString(),
    origin: presentOrigin(changed.origin)
  };
  return { project, branch, collection, lsn, ...(first === undefined ? {} : { changed: first }) };
}
