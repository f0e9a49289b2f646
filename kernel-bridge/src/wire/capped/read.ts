import type { CollectionInfo, Snapshot } from '@argon/wal-core';
import type { ReadContext } from '../context';
import type { Plan } from '../plan';

/** The plan of a capped collection: what would be read in the store's order is read in that of the inserts. */
export function cappedPlan(
  { services, operation }: ReadContext,
  snapshot: Snapshot,
  info: CollectionInfo,
  plan: Plan
): Plan {
  if (plan.kind !== 'scan' || !isWhole(plan)) {
    return plan;
  }
  return {
    kind: 'capped',
    keys: async () => {
      const order = await services.capped.orderOf(snapshot, info, operation.signal);
      const keys = [...order.values()].map(({ key }) => key);
      return plan.reverse ? keys.reverse() : keys;
    },
    reverse: plan.reverse,
    sorted: plan.sorted
  };
}

/** A scan of everything, in natural order or in none; one along `_id` stays. */
function isWhole(plan: Plan & { kind: 'scan' }): boolean {
  const [only, ...more] = plan.stretches;
  const everything = more.length === 0 && only?.from === undefined && only?.to === undefined;
  return plan.natural === true || (everything && plan.ordersById !== true);
}
