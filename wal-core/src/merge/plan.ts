import { deserialize } from 'bson';
import type { Answer, Lsn, PlanInfo, PlanKind, PlanState, TimelineId, UndoSelector } from '../api';
import type { Project } from '../branch/model';
import { control } from '../branch/registry';
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
  readonly base: string;
  readonly createdAt: Date;
  readonly answers: readonly { readonly conflict: string; readonly answer: StoredAnswer }[];
  readonly appliedAs?: NonNullable<PlanInfo['appliedAs']>;
}

type StoredAnswer = { take?: 'ours' | 'theirs' | 'base'; type?: number; bytes?: Buffer; missing?: boolean };

export function storedAnswer(answer: Answer): StoredAnswer {
  if ('take' in answer) {
    return { take: answer.take };
  }
  return answer.value === undefined
    ? { missing: true }
    : { type: answer.value.type, bytes: answer.value.bytes };
}

export function answersOf(plan: StoredPlan): Map<string, Answer> {
  return new Map(
    plan.answers.map(({ conflict, answer }): [string, Answer] => {
      if (answer.take !== undefined) {
        return [conflict, { take: answer.take }];
      }
      const value =
        answer.missing === true ? undefined : { type: answer.type!, bytes: Buffer.from(answer.bytes!) };
      return [conflict, { value }];
    })
  );
}

export function planRecord(project: Project, plan: StoredPlan): ControlRecord {
  return control(TABLE.plan, project.id, Buffer.from(plan.id), { ...plan });
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
