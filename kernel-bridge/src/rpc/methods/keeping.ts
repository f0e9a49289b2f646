import { isAbsolute } from 'node:path';
import { ArgonError, type RetentionPolicy } from '@argon/wal-core';
import { originOf, type BridgeContext, type Handlers } from '../context';
import { statesLookedAt } from '../../session/lookedat';
import { defined } from '../../defined';
import { presentKeeper } from '../present';
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

  return {
    async 'keeping.gc'({ project, apply = false, ...figures }, caller) {
      const retention = policyOf(figures);
      if (apply) {
        await context.tracking?.sweep(caller.signal);
      }
      const report = await engine.gc({
        dryRun: !apply,
        keep: statesLookedAt(engine, context.sessions),
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

    async 'keeping.automatic'({ enabled }) {
      if (enabled !== undefined) {
        await context.keeper.setAutomatic(enabled);
      }
      return presentKeeper(context.keeper.status());
    },

    async 'keeping.compact'() {
      engine.compactAtStart();
      const { stateBytes, stateFreeBytes } = await engine.storage();
      return { stateBytes, stateFreeBytes };
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
