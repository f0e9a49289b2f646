import { ArgonError } from '@argon/wal-core';
import type { BridgeContext, Handlers } from '../context';
import { defined } from '../../defined';
import { presentKeeper } from '../present';
import { PROTOCOL_VERSION, type StatusResult } from '../protocol';

/** What concerns the bridge itself. */
export function bridgeMethods(
  context: BridgeContext
): Handlers<'hello' | 'status' | 'subscribe' | 'unsubscribe' | 'shutdown'> {
  const { engine } = context;
  return {
    hello({ client, protocol }, caller) {
      caller.client = client;
      caller.readOnly = protocol !== PROTOCOL_VERSION;
      return {
        server: { version: context.version, protocol: PROTOCOL_VERSION },
        wire: context.wire,
        dataDirectory: engine.directory,
        pid: process.pid,
        startedAt: context.startedAt.toISOString(),
        readOnly: caller.readOnly
      };
    },

    async status() {
      const status = engine.status();
      return defined<StatusResult>({
        projects: status.projects,
        branches: status.branches,
        connections: context.connections(),
        wireConnections: context.wireConnections(),
        logBytes: status.logBytes,
        stateBytes: status.stateBytes,
        pendingRecords: status.pendingRecords,
        memoryBytes: process.memoryUsage.rss(),
        uptimeSeconds: Math.max(0, (context.clock() - context.startedAt.getTime()) / 1000),
        failed: status.failed,
        trackingFailures: context.tracking?.failures,
        storage: await engine.storage(),
        keeping: presentKeeper(context.keeper.status())
      });
    },

    subscribe({ project }, caller) {
      if (project !== undefined) {
        engine.project(project);
      }
      return { subscription: caller.subscribe(project) };
    },

    unsubscribe({ subscription }, caller) {
      if (!caller.unsubscribe(subscription)) {
        throw new ArgonError('BAD_REQUEST', `There is no subscription ${JSON.stringify(subscription)} here.`);
      }
      return null;
    },

    shutdown(_params, caller) {
      context.logger.info('a client asks the bridge to end', { client: caller.client?.kind });
      // The reply goes first.
      setImmediate(() => context.shutdown());
      return null;
    }
  };
}
