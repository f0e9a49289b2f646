import type { IndexId, Lsn, TimelineId } from '../api';
import { keyText } from '../read/unapplied';

interface PendingKey {
  readonly lsn: Lsn;
  readonly docKey: string;
  readonly live: boolean;
}

/**
 * Keys of unique indexes that logged but unapplied changes give or take, so that a unique check
 * sees every earlier write.
 */
export class PendingKeys {
  private readonly keys = new Map<string, PendingKey[]>();

  /** Notes a change; the answer forgets it again, once the state has it or the write has failed. */
  add(
    timeline: TimelineId,
    index: IndexId,
    key: Buffer,
    entry: { lsn: Lsn; docKey: Buffer; live: boolean }
  ): () => void {
    const text = `${timeline} ${index} ${keyText(key)}`;
    const list = this.keys.get(text) ?? [];
    const pending = { lsn: entry.lsn, docKey: keyText(entry.docKey), live: entry.live };
    list.push(pending);
    this.keys.set(text, list);
    return () => {
      list.splice(list.indexOf(pending), 1);
      if (list.length === 0 && this.keys.get(text) === list) {
        this.keys.delete(text);
      }
    };
  }

  /** Changes of one key, oldest first. */
  of(timeline: TimelineId, index: IndexId, key: Buffer): readonly PendingKey[] {
    return this.keys.get(`${timeline} ${index} ${keyText(key)}`) ?? [];
  }
}
