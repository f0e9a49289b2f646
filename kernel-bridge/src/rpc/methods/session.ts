import { pageSize, type BridgeContext, type Handlers } from '../context';
import { CELLS_MAX } from '../../session/sessions';

/** Sessions of kernels and clients. */
export function sessionMethods({ sessions }: BridgeContext): Handlers<'session'> {
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

    async 'session.close'({ id }, caller) {
      await sessions.close(id);
      if (caller.session === id) {
        caller.session = undefined;
      }
      return null;
    }
  };
}
