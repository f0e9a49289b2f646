import { ArgonError, type BranchInfo, type BranchPageOptions } from '@argon/wal-core';
import { originOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { defined } from '../../defined';
import { mainTimeline, presentBranch } from '../present';
import type { BranchListResult } from '../protocol';

const BRANCHES_USUAL = 1_000;
const BRANCHES_MAX = 10_000;
/** A date beyond this cannot be written as a date. */
const TTL_SECONDS_MAX = 100 * 366 * 86_400;

/** Branches. */
export function branchMethods(context: BridgeContext): Handlers<'branch'> {
  const { engine } = context;
  const present = (project: string, branch: BranchInfo) =>
    presentBranch(branch, mainTimeline(engine, project));
  return {
    'branch.list'({ project, search, letters, after, limit }) {
      const options = defined<BranchPageOptions>({
        search,
        letters,
        after,
        limit: pageSize(limit, BRANCHES_USUAL, BRANCHES_MAX)
      });
      const { branches, total, next } = engine.branchPage(project, options);
      const main = mainTimeline(engine, project);
      return defined<BranchListResult>({
        branches: branches.map(branch => presentBranch(branch, main)),
        total,
        next
      });
    },

    'branch.get'({ project, name }) {
      return present(project, engine.branch(project, name));
    },

    async 'branch.create'({ project, name, from, ensure, ttlSeconds, session }, caller) {
      if (ttlSeconds !== undefined && ttlSeconds > TTL_SECONDS_MAX) {
        throw new ArgonError(
          'LIMIT_EXCEEDED',
          `A branch lives at most ${TTL_SECONDS_MAX} seconds, not ${ttlSeconds}.`,
          {
            data: { limit: TTL_SECONDS_MAX, value: ttlSeconds }
          }
        );
      }
      const expiresAt = ttlSeconds === undefined ? undefined : new Date(context.clock() + ttlSeconds * 1000);
      const options = defined<{ from?: string; ensure?: boolean; expiresAt?: Date }>({
        from,
        ensure,
        expiresAt
      });
      return present(
        project,
        await engine.createBranch(project, name, originOf(context, caller, session), options)
      );
    },

    async 'branch.rename'({ project, name, to, session }, caller) {
      return present(
        project,
        await engine.renameBranch(project, name, to, originOf(context, caller, session))
      );
    },

    async 'branch.protect'({ project, name, protect, checks, session }, caller) {
      const origin = originOf(context, caller, session);
      return present(
        project,
        await engine.protectBranch(project, name, protect, origin, defined({ checks }))
      );
    },

    async 'branch.delete'({ project, name, session }, caller) {
      const branch = engine.branch(project, name);
      await engine.deleteBranch(project, name, originOf(context, caller, session));
      if (session !== undefined) {
        context.sessions.noteDeletedBranch(session, project, branch);
      }
      return { name, head: branch.head, unmerged: branch.ahead };
    }
  };
}
