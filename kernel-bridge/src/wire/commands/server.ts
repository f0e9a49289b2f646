import { cpus, hostname, release, totalmem, type as osType } from 'node:os';
import { Long, UUID } from 'bson';
import { T } from '@argon/wal-core';
import { SCRAM_MECHANISM } from '../../auth/scram';
import { stringOf } from '../arguments';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { CONNECTIONS_MAX, DOCUMENT_BYTES_MAX } from '../limits';
import type { Operation } from '../operation';
import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { typedDocument } from '../typed';
import { SET_NAME } from './hello';

/** The MongoDB version whose behaviour the answers follow; tools decide by it what they may ask. */
export const MONGODB_VERSION = '7.0.0';
const MONGODB_VERSION_ARRAY = [7, 0, 0, 0];
const WRITERS: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'findAndModify']);

/** Questions about the server itself. */
export const ping: Command = { name: 'ping', fields: [], beforeSignIn: true, run: () => emptyReply() };

export const buildInfo: Command = {
  name: 'buildInfo',
  beforeSignIn: true,
  aliases: ['buildinfo'],
  run: ({ services }) =>
    emptyReply()
      .string('version', MONGODB_VERSION)
      .string('gitVersion', `argon-${services.version}`)
      .value('modules', [])
      .string('allocator', 'system')
      .string('javascriptEngine', 'none')
      .string('sysInfo', 'deprecated')
      .value('versionArray', MONGODB_VERSION_ARRAY)
      .string('argonVersion', services.version)
      .int32('bits', 64)
      .bool('debug', false)
      .int32('maxBsonObjectSize', DOCUMENT_BYTES_MAX)
      .value('storageEngines', ['argon'])
};

export const hostInfo: Command = {
  name: 'hostInfo',
  fields: [],
  run: () =>
    emptyReply()
      .value('system', {
        currentTime: new Date(),
        hostname: hostname(),
        cpuAddrSize: 64,
        memSizeMB: Long.fromNumber(Math.floor(totalmem() / 2 ** 20)),
        memLimitMB: Long.fromNumber(Math.floor(totalmem() / 2 ** 20)),
        numCores: cpus().length,
        cpuArch: process.arch === 'x64' ? 'x86_64' : process.arch,
        numaEnabled: false
      })
      .value('os', { type: osType(), name: osType(), version: `Kernel ${release()}` })
      .value('extra', {})
};

export const serverStatus: Command = {
  name: 'serverStatus',
  run: ({ services, connection }) => {
    const { statistics, engine } = services;
    const uptimeMs = Date.now() - services.startedAt.getTime();
    const memory = process.memoryUsage();
    const status = engine.status();
    return emptyReply()
      .string('host', connection.localAddress)
      .string('version', MONGODB_VERSION)
      .string('process', 'argon')
      .int64('pid', process.pid)
      .double('uptime', Math.floor(uptimeMs / 1000))
      .int64('uptimeMillis', uptimeMs)
      .int64('uptimeEstimate', Math.floor(uptimeMs / 1000))
      .date('localTime', new Date())
      .value('connections', {
        current: statistics.connectionsOpen,
        available: CONNECTIONS_MAX - statistics.connectionsOpen,
        totalCreated: Long.fromNumber(statistics.connectionsCreated)
      })
      .value('network', {
        bytesIn: Long.fromNumber(statistics.bytesIn),
        bytesOut: Long.fromNumber(statistics.bytesOut),
        numRequests: Long.fromNumber(statistics.requests)
      })
      .value('opcounters', longs(statistics.opcounters))
      .value('asserts', { regular: 0, warning: 0, msg: 0, user: Long.fromNumber(statistics.failures) })
      .value('globalLock', {
        totalTime: Long.fromNumber(uptimeMs * 1000),
        currentQueue: { total: 0, readers: 0, writers: 0 },
        activeClients: activeClients(services.operations.all())
      })
      .value('repl', {
        setName: SET_NAME,
        setVersion: 1,
        isWritablePrimary: true,
        secondary: false,
        primary: connection.localAddress,
        hosts: [connection.localAddress],
        me: connection.localAddress
      })
      .value('transactions', {
        currentOpen: Long.fromNumber(services.transactions.size),
        currentActive: Long.fromNumber(services.transactions.size)
      })
      .value('metrics', { cursor: { open: { total: Long.fromNumber(services.cursors.size) } } })
      .value('logicalSessionRecordCache', { activeSessionsCount: services.logical.size })
      .value('mem', {
        bits: 64,
        resident: Math.floor(memory.rss / 2 ** 20),
        virtual: Math.floor(memory.rss / 2 ** 20),
        supported: true
      })
      .value('storageEngine', {
        name: 'argon',
        supportsCommittedReads: true,
        persistent: true,
        readOnly: false
      })
      .value('argon', {
        version: services.version,
        projects: status.projects,
        branches: status.branches,
        logBytes: Long.fromNumber(status.logBytes),
        stateBytes: Long.fromNumber(status.stateBytes),
        pendingRecords: status.pendingRecords,
        ...(status.failed === undefined ? {} : { failed: status.failed })
      });
  }
};

/** Commands at work now; none waits for a lock. */
function activeClients(operations: readonly Operation[]): Record<string, number> {
  const writers = operations.filter(({ command }) => WRITERS.has(command)).length;
  return { total: operations.length, readers: operations.length - writers, writers };
}

function longs(counters: Readonly<Record<string, number>>): Record<string, Long> {
  return Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, Long.fromNumber(count)]));
}

/** Every acknowledged write is on disk already; there is no lock to take. */
export const fsync: Command = {
  name: 'fsync',
  adminOnly: true,
  run: ({ args }) => {
    if (args.flag('lock', false)) {
      throw new MongoError('NotImplemented', 'fsync with lock is not available in Argon');
    }
    return emptyReply().int32('numFiles', 1);
  }
};

export const whatsmyuri: Command = {
  name: 'whatsmyuri',
  beforeSignIn: true,
  run: ({ connection }) => emptyReply().string('you', connection.remoteAddress)
};

const PARAMETERS: Readonly<Record<string, unknown>> = {
  allowDiskUseByDefault: false,
  featureCompatibilityVersion: { version: '7.0' },
  requireApiVersion: false,
  authenticationMechanisms: [SCRAM_MECHANISM],
  cursorTimeoutMillis: Long.fromNumber(600_000),
  localLogicalSessionTimeoutMinutes: 30
};

export const getParameter: Command = {
  name: 'getParameter',
  adminOnly: true,
  run: ({ args, services }) => {
    const parameters = { ...PARAMETERS, enableTestCommands: services.failPoints !== undefined };
    const value = args.get('getParameter');
    const all =
      (value?.type === T.STRING && stringOf(value) === '*') ||
      (value?.type === T.OBJECT && args.object('getParameter')?.flag('allParameters', false) === true);
    const names = all
      ? Object.keys(parameters)
      : args.names().filter(name => Object.hasOwn(parameters, name));
    if (names.length === 0) {
      throw new MongoError('InvalidOptions', 'no option found to get');
    }
    const reply = emptyReply();
    for (const name of names) {
      reply.value(name, parameters[name as keyof typeof parameters]);
    }
    return reply;
  }
};

export const getLog: Command = {
  name: 'getLog',
  fields: [],
  adminOnly: true,
  run: ({ args }) => {
    const name = args.string('getLog');
    if (name === '*') {
      return emptyReply().value('names', ['global', 'startupWarnings']);
    }
    if (name !== 'global' && name !== 'startupWarnings') {
      throw new MongoError('OperationFailed', `No log named '${name}'`);
    }
    // The bridge's log goes to its standard error, not to clients.
    return emptyReply().int32('totalLinesWritten', 0).value('log', []);
  }
};

export const getCmdLineOpts: Command = {
  name: 'getCmdLineOpts',
  fields: [],
  adminOnly: true,
  run: ({ connection }) =>
    emptyReply()
      .value('argv', ['argon', 'serve'])
      .value('parsed', connection.signIn.required ? { security: { authorization: 'enabled' } } : {})
};

export const top: Command = {
  name: 'top',
  adminOnly: true,
  run: ({ services }) => {
    const totals: Record<string, unknown> = { note: 'all times in microseconds' };
    for (const [namespace, { total, readLock, writeLock, byKind }] of services.usage.namespaces()) {
      totals[namespace] = { total, readLock, writeLock, ...byKind };
    }
    return emptyReply().value('totals', totals);
  }
};

export const currentOp: Command = {
  name: 'currentOp',
  adminOnly: true,
  run: context => emptyReply().value('inprog', describeOperations(context))
};

/** What `currentOp` calls commands. */
const OPERATIONS: Readonly<Record<string, string>> = {
  find: 'query',
  getMore: 'getmore',
  insert: 'insert',
  update: 'update',
  delete: 'remove'
};

/** Running commands, as `currentOp` and `$currentOp` show them. */
export function describeOperations({ services, connection }: CommandContext): Record<string, unknown>[] {
  const now = new Date();
  return services.operations.all().map(({ sender, session, ...operation }) => ({
    type: 'op',
    host: connection.localAddress,
    desc: `conn${sender.id}`,
    connectionId: sender.id,
    client: sender.remoteAddress,
    ...(sender.appName === undefined ? {} : { appName: sender.appName }),
    ...(sender.metadata === undefined ? {} : { clientMetadata: typedDocument(sender.metadata) }),
    active: true,
    currentOpTime: now.toISOString(),
    ...(sender.signIn.user === undefined
      ? {}
      : { effectiveUsers: [{ user: sender.signIn.user, db: 'admin' }] }),
    opid: operation.id,
    ...(session === undefined ? {} : { lsid: { id: new UUID(session) } }),
    op: OPERATIONS[operation.command] ?? 'command',
    ns: operation.namespace,
    command: { [operation.command]: 1 },
    secs_running: Long.fromNumber(Math.floor((Date.now() - operation.startedAt) / 1000)),
    microsecs_running: Long.fromNumber((Date.now() - operation.startedAt) * 1000),
    ...(operation.work === undefined
      ? {}
      : { msg: operation.work.message, progress: { done: operation.work.done } })
  }));
}

export const killOp: Command = {
  name: 'killOp',
  adminOnly: true,
  run: ({ args, services }) => {
    const id = args.integer('op');
    if (id === undefined) {
      throw new MongoError('NoSuchKey', 'Missing expected field "op"');
    }
    services.operations.get(id)?.stop(new MongoError('Interrupted', 'operation was interrupted'));
    return emptyReply().string('info', 'attempting to kill op');
  }
};
