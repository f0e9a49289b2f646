import { userInfo } from 'node:os';
import { openEngine, type Engine } from '@argon/wal-core';
import { prepareDataDirectory } from './discovery/directory';
import { explainOpening, requireRoom } from './discovery/opening';
import type { Logger } from './logger';
import { BackgroundKeeper } from './keeping/keeper';
import { isTrackingServer, RunTracking } from './mlflow/tracking';
import type { BridgeContext } from './rpc/context';
import { Sessions } from './session/sessions';
import { statesLookedAt } from './session/lookedat';
import { VERSION } from './version';

/** How often branches are looked through for those whose time to live is over. */
const EXPIRY_INTERVAL_MS = 15_000;

/** The engine with what the methods of the control plane need, before anything listens. */
export interface BridgeCore {
  readonly engine: Engine;
  readonly sessions: Sessions;
  /** What the methods need; addresses and counts are those of a bridge that does not listen. */
  readonly context: BridgeContext;
  close(): Promise<void>;
}

/** What a core is made from. */
export interface CoreOptions {
  readonly data: string;
  readonly logger: Logger;
  /** Tracking URI of MLflow; asked only when it names a server. */
  readonly mlflow?: string;
}

/**
 * Opens the engine of a data directory.
 * @throws DIRECTORY_LOCKED when another process has it, DISK_FULL, BRIDGE_UNAVAILABLE when it cannot be written
 */
export async function openCore({ data, logger, mlflow }: CoreOptions): Promise<BridgeCore> {
  const directory = prepareDataDirectory(data);
  const engine = await open(directory, logger);
  const actor = ownName();
  const sessions = new Sessions({ engine, logger, actor });
  const env = process.env;
  const tracking = isTrackingServer(mlflow)
    ? new RunTracking({
        engine,
        logger,
        trackingUri: mlflow,
        ...(env['MLFLOW_TRACKING_TOKEN'] ? { token: env['MLFLOW_TRACKING_TOKEN'] } : {}),
        ...(env['MLFLOW_TRACKING_USERNAME'] ? { username: env['MLFLOW_TRACKING_USERNAME'] } : {}),
        ...(env['MLFLOW_TRACKING_PASSWORD'] ? { password: env['MLFLOW_TRACKING_PASSWORD'] } : {})
      })
    : undefined;
  const keeper = new BackgroundKeeper({
    engine,
    logger,
    keep: () => statesLookedAt(engine, sessions),
    clock: Date.now,
    ...(tracking === undefined ? {} : { letGo: (signal: AbortSignal) => tracking.sweep(signal) })
  });
  const context: BridgeContext = {
    engine,
    keeper,
    sessions,
    logger,
    version: VERSION,
    actor,
    startedAt: new Date(),
    wire: '',
    ...(tracking === undefined ? {} : { tracking }),
    connections: () => 0,
    wireConnections: () => 0,
    shutdown: () => undefined,
    clock: Date.now
  };
  let isSweeping = false;
  const expiry = setInterval(() => {
    engine.expireBranches({ actor: 'ttl' }).then(
      expired =>
        expired.forEach(branch => logger.info('a branch reached the end of its time to live', { branch })),
      (error: unknown) => logger.warn('branches could not be expired', { error: String(error) })
    );
    if (!isSweeping) {
      isSweeping = true;
      engine
        .sweepExpired({ actor: 'ttl' })
        .then(
          swept =>
            swept.forEach(done => logger.info('documents reached the end of their time to live', done)),
          (error: unknown) => logger.warn('documents could not be expired', { error: String(error) })
        )
        .finally(() => {
          isSweeping = false;
        });
    }
  }, EXPIRY_INTERVAL_MS).unref();
  const close = async () => {
    clearInterval(expiry);
    await keeper.close();
    sessions.dispose();
    await engine.close();
  };
  return { engine, sessions, context, close };
}

async function open(directory: string, logger: Logger): Promise<Engine> {
  requireRoom(directory);
  try {
    return await openEngine({
      directory,
      onReplay: (done, total) => {
        const part = `${Math.floor((100 * done) / total)} %`;
        logger.info('the state is brought up to the log', { part, bytes: done, of: total });
      }
    });
  } catch (error) {
    throw explainOpening(error, directory);
  }
}

/** Name of the person whose process this is. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid-${process.getuid?.() ?? 0}`;
  }
}
