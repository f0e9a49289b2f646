import { ArgonError, isArgonError, type Engine } from '@argon/wal-core';
import type { Session } from '../rpc/protocol';
import { databaseName } from '../wire/namespace';
import { defined } from '../defined';
import type { SessionRecord } from './record';

/**
 * The checkout that `project` and `ref` mean; `projectAlone`: a project without a ref means its default branch. Unknown
 * projects and refs are refused here, not at the first read.
 * @throws BAD_REQUEST for a ref without a project, and what `Engine.resolve` throws
 */
export function checkoutOf(
  engine: Engine,
  project: string | undefined,
  ref: string | undefined,
  projectAlone: boolean
): { project?: string; ref?: string } {
  if (ref === undefined) {
    return project === undefined || !projectAlone
      ? {}
      : { project, ref: engine.project(project).defaultBranch };
  }
  if (project === undefined) {
    throw new ArgonError('BAD_REQUEST', 'The session is in no project yet: name the project of the ref.');
  }
  const state = engine.resolve(project, ref);
  if (state.writable && state.branch !== undefined) {
    return { project, ref: state.branch };
  }
  const named = ref.startsWith('pin:') || ref.startsWith('run:');
  return { project, ref: named ? ref : state.ref };
}

/** What is told of a checkout: the state it means now, or where it was when that is gone. */
export function describeCheckout(
  engine: Engine,
  { project, ref }: Pick<SessionRecord, 'project' | 'ref'>
): Partial<Session> & { writable: boolean } {
  if (project === undefined || ref === undefined) {
    return { ...defined({ project, ref }), writable: false };
  }
  try {
    const state = engine.resolve(project, ref);
    const branch = state.branch === undefined ? undefined : engine.branch(project, state.branch);
    return {
      ...defined({ branch: branch?.name, ahead: branch?.ahead, behind: branch?.behind }),
      project,
      ref,
      lsn: state.lsn,
      writable: state.writable,
      database: databaseName(project, ref)
    };
  } catch (error) {
    // The branch or project of the checkout is gone; the session still says where it was.
    if (isArgonError(error)) {
      return { project, ref, writable: false };
    }
    throw error;
  }
}
