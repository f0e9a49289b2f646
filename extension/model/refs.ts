import type { Branch, Entry, Session, State, Timeline } from '../client/protocol';
import type { ProjectModel } from './project';

/** `branch@LSN`; the branch alone when it is the head, so that it can be written. */
export function refOf(branch: string, lsn: number, head: number | undefined): string {
  return lsn === head ? branch : `${branch}@${lsn}`;
}

/** The ref that means this state for ever, so that all pages of an answer are of one state. */
export function pinned(state: Pick<State, 'ref' | 'branch' | 'lsn'>): string {
  return state.branch === undefined ? state.ref : `${state.branch}@${state.lsn}`;
}

/** The branch of a ref, and what stands behind its `@`. */
export function splitRef(ref: string): readonly [branch: string, rest: string] {
  const at = ref.lastIndexOf('@');
  return at > 0 ? [ref.slice(0, at), ref.slice(at + 1)] : [ref, ''];
}

/** The ref of an entry's newest state; undefined when no branch shows its timeline any more. */
export function refOfEntry(entry: Entry, project: ProjectModel): string | undefined {
  const timeline = project.history.timelines.get(entry.timeline);
  const branch = timeline?.branch;
  return branch === undefined ? undefined : refOf(branch, entry.lastLsn, timeline?.head);
}

/** `clean-nulls@1204`: where a session is, as one copies it. */
export function placeOf(session: Session): string {
  return session.branch === undefined ? (session.ref ?? '') : `${session.branch}@${session.lsn ?? 0}`;
}

/** `main@1192`: the head of a branch, as one copies it. */
export function headOf(branch: Branch): string {
  return `${branch.name}@${branch.head}`;
}

/** The timelines that made a state, newest first, with the newest LSN that counts on each. */
export function ancestry(
  timelines: ReadonlyMap<number, Timeline>,
  timeline: number,
  lsn: number
): readonly { readonly timeline: number; readonly upTo: number }[] {
  const chain: { timeline: number; upTo: number }[] = [];
  let at: number | undefined = timeline;
  let upTo = lsn;
  while (at !== undefined && chain.length < 10_000) {
    chain.push({ timeline: at, upTo });
    const line = timelines.get(at);
    upTo = Math.min(upTo, line?.forkLsn ?? 0);
    at = line?.parent;
  }
  return chain;
}
