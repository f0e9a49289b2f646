import type { Command } from '../registry';
import { aggregate } from './aggregate';
import { collMod, create, drop, listCollections, renameCollection } from './collections';
import { convertToCapped } from './convert-to-capped';
import { count } from './count';
import { getMore, killCursors } from './cursors';
import { dropDatabase, listDatabases } from './databases';
import { delete_ } from './delete';
import { distinct } from './distinct';
import { explain } from './explain';
import { configureFailPoint } from '../failpoint/configure';
import { filemd5 } from './file-md5';
import { find } from './find';
import { findAndModify } from './find-and-modify';
import { hello, isMaster } from './hello';
import { listCommands } from './list-commands';
import {
  connPoolStats,
  features,
  getLastError,
  lockInfo,
  planCacheClear,
  planCacheListFilters,
  profile,
  rolesInfo
} from './nothing-kept';
import { getDefaultRWConcern, replSetGetConfig, replSetGetStatus, shardingState } from './replica-set';
import { createIndexes, dropIndexes, listIndexes } from './indexes';
import { insert } from './insert';
import {
  buildInfo,
  currentOp,
  fsync,
  getCmdLineOpts,
  getLog,
  getParameter,
  hostInfo,
  killOp,
  ping,
  serverStatus,
  top,
  whatsmyuri
} from './server';
import { endSessions, killAllSessions, killSessions, refreshSessions, startSession } from './sessions';
import { authenticate, connectionStatus, logout, saslContinue, saslStart, usersInfo } from './signin';
import { dataSize } from './data-size';
import { collStats, dbStats, validate } from './stats';
import { abortTransaction, commitTransaction } from './transactions';
import { update } from './update';

/** Every command this server answers. */
export const COMMANDS: readonly Command[] = [
  hello,
  isMaster,
  saslStart,
  saslContinue,
  authenticate,
  logout,
  connectionStatus,
  usersInfo,
  insert,
  update,
  delete_,
  findAndModify,
  find,
  getMore,
  killCursors,
  convertToCapped,
  count,
  distinct,
  aggregate,
  explain,
  createIndexes,
  listIndexes,
  dropIndexes,
  create,
  drop,
  collMod,
  renameCollection,
  listCollections,
  listDatabases,
  dropDatabase,
  dbStats,
  collStats,
  dataSize,
  validate,
  ping,
  buildInfo,
  hostInfo,
  serverStatus,
  whatsmyuri,
  getParameter,
  getLog,
  getCmdLineOpts,
  top,
  currentOp,
  killOp,
  fsync,
  startSession,
  endSessions,
  killSessions,
  killAllSessions,
  refreshSessions,
  commitTransaction,
  abortTransaction,
  replSetGetStatus,
  replSetGetConfig,
  getDefaultRWConcern,
  shardingState,
  planCacheClear,
  planCacheListFilters,
  rolesInfo,
  profile,
  features,
  lockInfo,
  connPoolStats,
  getLastError,
  filemd5,
  listCommands(() => COMMANDS)
];

/** Commands of a server for tests. */
export const TEST_COMMANDS: readonly Command[] = [configureFailPoint];
