import { isArgonError, type BranchInfo, type Engine } from '@argon/wal-core';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { RESERVED_DATABASES, databaseName, parseDatabase } from '../namespace';
import { writePlace } from '../place';

/** One branch that a stream watches. */
export interface WatchedBranch {
  readonly project: string;
  readonly projectId: number;
  readonly branch: BranchInfo;
  /** The database name events show. */
  readonly database: string;
}

/** What a change stream is about: a collection, a database (a branch of a project), or all projects. */
export interface StreamScope {
  /** Undefined: all collections. */
  readonly collection: string | undefined;
  /** True when one branch is watched, which can be reset or deleted under the stream. */
  readonly isOne: boolean;
  /** What is there now; a project that does not exist yet is watched from its first change on. */
  branches(): WatchedBranch[];
}

/** The scope of a `$changeStream`. @throws MongoError 72 */
export function scopeOf(
  context: CommandContext,
  collection: string | undefined,
  allChangesForCluster: boolean
): StreamScope {
  const { engine } = context.services;
  const { database } = context;
  if (allChangesForCluster) {
    if (database !== 'admin' || collection !== undefined) {
      throw new MongoError(
        'InvalidOptions',
        "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database, and with " +
          `no collection name; found ${database}${collection === undefined ? '' : `.${collection}`}`
      );
    }
    return { collection: undefined, isOne: false, branches: () => defaultBranches(engine) };
  }
  if (RESERVED_DATABASES.has(database)) {
    throw new MongoError(
      'InvalidOptions',
      `$changeStream may not be opened on the internal ${database} database`
    );
  }
  const place = writePlace(context);
  const project = place?.project ?? parseDatabase(database).project;
  return {
    collection,
    isOne: true,
    branches: () => {
      const info = engine.findProject(project);
      const branch =
        info === undefined ? undefined : findBranch(engine, project, place?.branch ?? info.defaultBranch);
      return info === undefined || branch === undefined
        ? []
        : [{ project, projectId: info.id, branch, database }];
    }
  };
}

function defaultBranches(engine: Engine): WatchedBranch[] {
  return engine.projects().flatMap(({ name, id, defaultBranch }) => {
    const branch = findBranch(engine, name, defaultBranch);
    return branch === undefined
      ? []
      : [{ project: name, projectId: id, branch, database: databaseName(name) }];
  });
}

function findBranch(engine: Engine, project: string, name: string): BranchInfo | undefined {
  try {
    return engine.branch(project, name);
  } catch (error) {
    if (isArgonError(error, 'BRANCH_NOT_FOUND')) {
      return undefined;
    }
    throw error;
  }
}
