import type { TimelineId } from '../api';
import { decodeHeadRow } from '../store/headrow';
import { afterPrefix, META_PREFIX_BYTES, TABLE } from '../store/keys';
import type { OrderedStore } from '../store/store';
import { Registry } from './registry';

/** Reads everything from the state. Timelines come in id order, so a parent is always there first. */
export function loadRegistry(store: OrderedStore): Registry {
  const registry = new Registry();
  for (const table of [
    TABLE.origin,
    TABLE.project,
    TABLE.timeline,
    TABLE.branch,
    TABLE.pin,
    TABLE.run,
    TABLE.collectionName,
    TABLE.merge,
    TABLE.note,
    TABLE.kept,
    TABLE.timesGone,
    TABLE.retention,
    TABLE.nextIds
  ]) {
    const from = Buffer.from([table]);
    for (const { key, value } of store.range('meta', { from, to: afterPrefix(from) })) {
      registry.apply({ table, scope: key.readUInt32BE(1), key: key.subarray(META_PREFIX_BYTES), value });
    }
  }
  const stats = Buffer.from([TABLE.timelineStat]);
  for (const { key, value } of store.range('meta', { from: stats, to: afterPrefix(stats) })) {
    const timeline = registry.timeline(key.readUInt32BE(1) as TimelineId);
    if (timeline !== undefined) {
      const { lsn, count } = decodeHeadRow(value);
      registry.advance(timeline, lsn, count);
      registry.settle(timeline, timeline.head, timeline.count);
    }
  }
  return registry;
}
