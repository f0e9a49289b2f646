import type { LineageGraphParams } from '../client/protocol';

/** What a person typed, as the bridge is asked: an LSN or a range of LSNs, else words. */
export function queryOf(text: string): Pick<LineageGraphParams, 'firstLsn' | 'lastLsn' | 'search'> {
  const wanted = text.trim();
  const range = /^(?:lsn\s*)?@?(\d{1,15})(?:\s*(?:\.\.|–|-)\s*(\d{1,15}))?$/i.exec(wanted);
  if (range !== null) {
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    return { firstLsn: Math.min(first, last), lastLsn: Math.max(first, last) };
  }
  return wanted === '' ? {} : { search: wanted };
}
