import { useMemo } from 'react';
import type { ProjectModel } from '../model/project';
import { ancestry } from '../model/refs';
import type { Workspace } from '../model/workspace';
import { layout, type IGraph } from './layout';

/** What narrows the graph of a project. */
export interface IGraphView {
  readonly project: ProjectModel;
  readonly workspace: Workspace;
  /** Entries that start later wait until the reader lets them in. */
  readonly head: number;
  /** Whether only the session's branch and its ancestors are drawn. */
  readonly isNarrowed: boolean;
}

/** The laid out graph; laid out again only when something that it shows has changed. */
export function useGraph(view: IGraphView): IGraph {
  const { project, workspace, head, isNarrowed } = view;
  const { history, branches, pins, runs, unfolded, defaultBranch } = project;
  const { entries, timelines, horizon, next } = history;
  const createdAt = project.project?.createdAt ?? '';
  const own = workspace.sessionHere;
  const branch = own?.branch;
  const lsn = own?.lsn;
  const { sessions } = workspace;

  const byBranch = useMemo(
    () =>
      new Map(
        [...timelines.values()].flatMap(line =>
          line.branch === undefined ? [] : [[line.branch, line.id] as const]
        )
      ),
    [timelines]
  );
  const timeline = branch === undefined ? undefined : byBranch.get(branch);
  const chain = useMemo(
    () =>
      isNarrowed && timeline !== undefined
        ? new Map(ancestry(history.timelines, timeline, lsn ?? 0).map(part => [part.timeline, part.upTo]))
        : undefined,
    [isNarrowed, timeline, lsn, history.timelines]
  );
  const shown = useMemo(
    () =>
      entries.filter(
        entry =>
          entry.firstLsn <= head &&
          (chain === undefined || entry.firstLsn <= (chain.get(entry.timeline) ?? -1))
      ),
    [entries, head, chain]
  );
  const lines = useMemo(
    () => (chain === undefined ? timelines : new Map([...timelines].filter(([id]) => chain.has(id)))),
    [timelines, chain]
  );
  const kernels = useMemo(
    () =>
      sessions
        .filter(other => other.connected && other.project === project.name && other.branch !== undefined)
        .flatMap(other => {
          const line = byBranch.get(other.branch ?? '');
          const label = other.notebook ?? other.actor;
          return line === undefined ? [] : [{ timeline: line, lsn: other.lsn ?? 0, label }];
        }),
    [sessions, byBranch, project.name]
  );
  const session = useMemo(
    () => (timeline === undefined ? undefined : { branch, timeline, lsn: lsn ?? 0 }),
    [branch, timeline, lsn]
  );
  return useMemo(
    () =>
      layout({
        entries: shown,
        timelines: lines,
        branches,
        defaultBranch,
        pins,
        runs,
        session,
        kernels,
        horizon,
        isComplete: next === undefined,
        createdAt,
        unfolded
      }),
    [shown, lines, branches, defaultBranch, pins, runs, session, kernels, horizon, next, createdAt, unfolded]
  );
}
