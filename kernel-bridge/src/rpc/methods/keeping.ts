import { isAbsolute } from 'node:path';
import { ArgonError, isArgonError, type RetentionPolicy } from '@argon/wal-core';
import { originOf, type BridgeContext, type Handlers } from '../context';
import { defined } from '../present';
import type { KeepingRetentionResult } from '../protocol';

interface Figures {
  readonly keepSeconds?: number;
  readonly keepLsns?: number;
}

/** The retention that a request states; undefined when it states none. */
function policyOf({ keepSeconds, keepLsns }: Figures): RetentionPolicy | undefined {
  return keepSeconds === undefined && keepLsns === undefined
    ? undefined
    : defined<RetentionPolicy>({
        keepMs: keepSeconds === undefined ? undefined : keepSeconds * 1000,
        keepLsns
      });
}

function presentPolicy({ keepMs, keepLsns }: RetentionPolicy = {}): KeepingRetentionResult {
  return defined<KeepingRetentionResult>({
    keepSeconds: keepMs === undefined ? undefined : Math.round(keepMs / 1000),
    keepLsns
  });
}

/** What keeps the data directory in order. */
export function keepingMethods(context: BridgeContext): Handlers<'keeping'> {
  const { engine } = context;

  /** States that sessions look at: they stay readable as long as somebody does. */
  function lookedAt(): { project: string; ref: string }[] {
    return context.sessions.list().flatMap(({ project, ref }) => {
      if (project === undefined || ref === undefined) {
        return [];
      }
      try {
        engine.resolve(project, ref);
        return [{ project, ref }];
      } catch (error) {
        if (isArgonError(error)) {
          return [];
        }
        throw error;
      }
    });
  }

  return {
    async 'keeping.gc'({ project, apply = false, ...figures }, caller) {
      const retention = policyOf(figures);
      const report = await engine.gc({
        dryRun: !apply,
        keep: lookedAt(),
        signal: caller.signal,
        ...(project === undefined ? {} : { project }),
        ...(retention === undefined ? {} : { retention })
      });
      const { kept, horizons, ...rest } = report;
      return { ...rest, kept: [...kept], horizons: [...horizons] };
    },

    'keeping.retention'({ project, branch }) {
      return presentPolicy(engine.retention(project, branch));
    },

    async 'keeping.setRetention'({ project, branch, session, ...figures }, caller) {
      await engine.setRetention(project, policyOf(figures), originOf(context, caller, session), branch);
      return presentPolicy(engine.retention(project, branch));
    },

    async 'keeping.verify'({ limit }, caller) {
      const report = await engine.verify({
        signal: caller.signal,
        ...(limit === undefined ? {} : { problemsMax: limit })
      });
      return {
        problems: report.problems.map(problem => ({ ...problem })),
        complete: report.isComplete,
        checked: { ...report.checked }
      };
    },

    async 'keeping.backup'({ folder }, caller) {
      if (!isAbsolute(folder)) {
        throw new ArgonError('BAD_REQUEST', 'The folder of a backup is named by its absolute path.', {
          data: { folder }
        });
      }
      const { projects, files, bytes, copiedFiles, copiedBytes } = await engine.backup(folder, {
        signal: caller.signal
      });
      return { projects: projects.map(project => ({ ...project })), files, bytes, copiedFiles, copiedBytes };
    }
  };
}
