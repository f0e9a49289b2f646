import { queryError } from '../error';
import { utcMs, utcParts, type UtcParts } from './isodate';

/** A time zone: its offset from UTC at a moment, in milliseconds. */
export interface TimeZone {
  readonly isUtc: boolean;
  offsetAt(ms: bigint): number;
}

export const UTC: TimeZone = { isUtc: true, offsetAt: () => 0 };

const ZONES_MAX = 600;
const zones = new Map<string, TimeZone>();

/** An Olson name or an offset such as `+05:30`. @throws 40485 */
export function timeZone(name: string): TimeZone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = makeZone(name);
    if (zones.size >= ZONES_MAX) zones.clear();
    zones.set(name, zone);
  }
  return zone;
}

function makeZone(name: string): TimeZone {
  if (name === 'UTC' || name === 'GMT' || name === 'Z') return UTC;
  const offset = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(name);
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
    const ms = (offset[1] === '-' ? -minutes : minutes) * 60_000;
    return { isUtc: ms === 0, offsetAt: () => ms };
  }
  let format: Intl.DateTimeFormat;
  try {
    if (!/^[A-Za-z]/.test(name)) throw new RangeError();
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    });
  } catch {
    throw queryError(40485, `unrecognized time zone identifier: "${name}"`);
  }
  const limit = 8_640_000_000_000_000n;
  return {
    isUtc: false,
    offsetAt: ms => {
      const clamped = Number(ms > limit ? limit : ms < -limit ? -limit : ms);
      const whole = Math.floor(clamped / 1000) * 1000;
      const parts: Record<string, string> = {};
      for (const { type, value } of format.formatToParts(whole)) parts[type] = value;
      const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
      const local = utcMs({
        year,
        month: Number(parts.month),
        day: Number(parts.day),
        hour: Number(parts.hour),
        minute: Number(parts.minute),
        second: Number(parts.second),
        millisecond: 0
      });
      return Number(local - BigInt(whole));
    }
  };
}

/** The moment as clocks in the zone show it. */
export function localParts(ms: bigint, zone: TimeZone): UtcParts {
  return utcParts(ms + BigInt(zone.offsetAt(ms)));
}

/** The moment at which clocks in the zone show these parts. */
export function fromLocal(parts: UtcParts, zone: TimeZone): bigint {
  const asUtc = utcMs(parts);
  const first = asUtc - BigInt(zone.offsetAt(asUtc));
  const offset = zone.offsetAt(first);
  const second = asUtc - BigInt(offset);
  // In a gap of the clock neither guess reads back; the earlier offset then moves the time forward.
  return zone.offsetAt(second) === offset ? second : first;
}
