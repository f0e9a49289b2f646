import { deserialize } from 'bson';
import type {
  Answer,
  AnswerRule,
  CheckResult,
  CollectionId,
  Lsn,
  PlanInfo,
  PlanKind,
  PlanState,
  TimelineId,
  UndoSelector
} from '../api';
import type { Project } from '../branch/model';
import { control } from '../branch/control';
import type { ControlRecord } from '../log/frame';
import { META_PREFIX_BYTES, afterPrefix, metaKey, TABLE } from '../store/keys';
import type { OrderedStore } from '../store/store';

/** What is stored of a plan: what it was made from and how it was answered. The documents follow from that. */
export interface StoredPlan {
  readonly id: string;
  readonly kind: PlanKind;
  readonly state: PlanState;
  readonly into: string;
  readonly intoTimeline: TimelineId;
  readonly intoLsn: Lsn;
  readonly source: string;
  /** Set when the source is the head of a branch, which must not move. */
  readonly sourceBranch?: string;
  readonly sourceTimeline?: TimelineId;
  readonly sourceLsn?: Lsn;
  readonly undo?: UndoSelector;
  /** What is picked from the source. */
  readonly pick?: UndoSelector;
  /** What of the branch goes back to the source. */
  readonly restore?: { readonly collection?: CollectionId; readonly keys?: readonly Buffer[] };
  readonly base: string;
  /** Where a merge starts, as it was when the plan was made. */
  readonly bases?: readonly { readonly timeline: TimelineId; readonly lsn: Lsn; readonly ordinal: number }[];
  readonly createdAt: Date;
  /** When it was stored last. */
  readonly savedAt?: Date;
  /** Answer the conflicts that have no answer of their own; the last one that fits counts. */
  readonly rules?: readonly AnswerRule[];
  readonly answers: readonly { readonly conflict: string; readonly answer: StoredAnswer }[];
  /** What a list of plans shows, so that it need not look at documents. */
  readonly figures: Pick<PlanInfo, 'summary' | 'conflicts' | 'unanswered'>;
  readonly appliedAs?: NonNullable<PlanInfo['appliedAs']>;
  /** The newest result of each check. */
  readonly checks?: readonly CheckResult[];
  /** Branch that keeps the state before a restore. */
  readonly backup?: string;
}

export type StoredAnswer = {
  take?: 'ours' | 'theirs' | 'base';
  type?: number;
  bytes?: Buffer;
  missing?: boolean;
  /** No answer, whatever the rule says. */
  open?: boolean;
};

export function storedAnswer(answer: Answer | undefined): StoredAnswer {
  if (answer === undefined) {
    return { open: true };
  }
  if ('take' in answer) {
    return { take: answer.take };
  }
  return answer.value === undefined
    ? { missing: true }
    : { type: answer.value.type, bytes: answer.value.bytes };
}

export function readAnswer({ take, type, bytes, missing, open }: StoredAnswer): Answer | undefined {
  if (open === true) {
    return undefined;
  }
  if (take !== undefined) {
    return { take };
  }
  return { value: missing === true ? undefined : { type: type!, bytes: Buffer.from(bytes!) } };
}

/** What a plan stores of what it would do. */
export function figuresOf({ summary, conflicts, unanswered }: StoredPlan['figures']): StoredPlan['figures'] {
  return { summary, conflicts, unanswered };
}

export function planRecord(project: Project, plan: StoredPlan): ControlRecord {
  return control(TABLE.plan, project.id, Buffer.from(plan.id), { ...plan });
}

/** The row that forgets a plan. */
export function planRemoval(project: Project, { id }: StoredPlan): ControlRecord {
  return control(TABLE.plan, project.id, Buffer.from(id), undefined);
}

function decodePlan(value: Buffer): StoredPlan {
  return deserialize(value, { promoteBuffers: true }) as unknown as StoredPlan;
}

/** Plans of a project that are in the state, by id. */
export function loadPlans(store: OrderedStore, project: Project): Map<string, StoredPlan> {
  const prefix = metaKey(TABLE.plan, project.id);
  const plans = new Map<string, StoredPlan>();
  for (const { key, value } of store.range('meta', { from: prefix, to: afterPrefix(prefix) })) {
    plans.set(key.toString('utf8', META_PREFIX_BYTES), decodePlan(value));
  }
  return plans;
}
