import { ArgonError, type Filter, type ProjectInfo, type Snapshot } from '@argon/wal-core';
import type { CommandContext, ReadContext } from './context';
import { checkBarrier } from './concerns';
import { MongoError } from './errors';
import { RESERVED_DATABASES, databaseName, parseDatabase } from './namespace';

/** Where a command reads: a state, or nothing yet (a project that does not exist has no documents). */
export type ReadPlace = { readonly snapshot: Snapshot; readonly project: string } | undefined;

/** Where a command writes. */
export interface WritePlace {
  readonly project: string;
  readonly branch: string;
}

interface Named {
  readonly project: string;
  readonly ref: string | undefined;
  /** The client's database name says the ref itself. */
  readonly explicit: boolean;
}

/** Project and ref of a database name on this connection. */
function nameOf(context: CommandContext, database: string): Named {
  const target = parseDatabase(database);
  if (target.ref !== undefined) {
    return { project: target.project, ref: target.ref, explicit: true };
  }
  const { place } = context;
  const ref = place?.project === target.project ? place.ref : undefined;
  return { project: target.project, ref, explicit: false };
}

/** The state a database name means now. @throws when its branch, pin, run or LSN is not there */
export function readPlace(context: CommandContext, database = context.database): ReadPlace {
  const { engine } = context.services;
  const { project, ref, explicit } = nameOf(context, database);
  checkBarrier(context.readConcern, engine.lastCommitTime());
  if (RESERVED_DATABASES.has(project)) {
    return undefined;
  }
  const info = engine.findProject(project);
  if (info === undefined) {
    if (explicit) {
      throw missingProject(project);
    }
    return undefined;
  }
  return { project, snapshot: resolve(context, info, ref ?? info.defaultBranch) };
}

/** The newest state of a branch that is written to: in a transaction, what that sees. @throws WRITE_CONFLICT */
export async function headOf(context: CommandContext, { project, branch }: WritePlace): Promise<Snapshot> {
  const { transaction, services } = context;
  return transaction === undefined
    ? services.engine.resolve(project, branch)
    : transaction.snapshot(project, branch);
}

/** Opens the state a command of a transaction reads. @throws when its branch, pin, run or LSN is not there */
export async function openTransactionState(context: CommandContext): Promise<void> {
  const state = readPlace(context);
  if (state?.snapshot.writable === true && state.snapshot.branch !== undefined) {
    context.transactionState = await context.transaction!.snapshot(state.project, state.snapshot.branch);
  }
}

function resolve(context: CommandContext, project: ProjectInfo, ref: string): Snapshot {
  const { engine } = context.services;
  const { atClusterTime } = context.readConcern;
  const now = engine.resolve(project.name, ref);
  if (now.writable && context.transactionState !== undefined) {
    return context.transactionState;
  }
  if (atClusterTime === undefined || !now.writable) {
    return now;
  }
  if (atClusterTime > engine.lastCommitTime()) {
    throw new MongoError(
      'InvalidOptions',
      'readConcern atClusterTime value must not be greater than the current clusterTime'
    );
  }
  const lsn = engine.lsnAt(project.name, atClusterTime);
  return lsn >= now.lsn ? now : engine.resolve(project.name, `${ref}@${lsn}`);
}

/** Where a write to this database goes; does not make the project. @throws READ_ONLY, PROJECT_NOT_FOUND */
export function writePlace(context: CommandContext, database = context.database): WritePlace | undefined {
  const { engine } = context.services;
  const { project, ref, explicit } = nameOf(context, database);
  if (RESERVED_DATABASES.has(project)) {
    throw new MongoError(
      'CommandNotSupported',
      `The database '${project}' belongs to MongoDB and holds no data here; write to a project instead`
    );
  }
  if (ref !== undefined && isPastState(ref)) {
    throw readOnly(project, ref);
  }
  const info = engine.findProject(project);
  if (info === undefined) {
    if (explicit) {
      throw missingProject(project);
    }
    return undefined;
  }
  return { project, branch: ref ?? info.defaultBranch };
}

/** Where a write to this database goes; the first write makes the project, as in MongoDB. */
export async function ensureWritePlace(
  context: CommandContext,
  database = context.database
): Promise<WritePlace> {
  const place = writePlace(context, database);
  if (place !== undefined) {
    return place;
  }
  const { project } = parseDatabase(database);
  const info = await context.services.engine.createProject(project, context.origin, { ensure: true });
  return { project, branch: info.defaultBranch };
}

function isPastState(ref: string): boolean {
  return ref.includes('@') || ref.startsWith('pin:') || ref.startsWith('run:');
}

function readOnly(project: string, ref: string): ArgonError {
  const branch = ref.includes('@') ? ref.slice(0, ref.indexOf('@')) : undefined;
  const where = branch === undefined ? '' : ` Write to the database ${databaseName(project, branch)},`;
  return new ArgonError(
    'READ_ONLY',
    `${ref} of project ${project} is a past state and cannot be written.${where} ` +
      `${branch === undefined ? 'Create' : 'or create'} a branch from it.`,
    { data: { project, ref } }
  );
}

function missingProject(project: string): ArgonError {
  return new ArgonError('PROJECT_NOT_FOUND', `There is no project ${project}.`, { data: { project } });
}

/** Tells the kernel's session what it read: what a filter matches, or without one the whole collection. */
export function noteRead(
  context: ReadContext,
  place: { readonly snapshot: Snapshot; readonly project: string },
  collection: string,
  documents: number,
  filter?: Filter
): void {
  const session = context.place;
  if (session === undefined) {
    return;
  }
  const { snapshot, project } = place;
  context.services.sessions.noteRead(session.id, {
    project,
    ref: snapshot.ref,
    ...(snapshot.branch === undefined ? {} : { branch: snapshot.branch }),
    ...(snapshot.writable ? { head: snapshot.timeline } : {}),
    lsn: snapshot.lsn,
    collection,
    documents,
    ...(filter && { filter })
  });
}
