import type { TranslationBundle } from '@jupyterlab/translation';
import { dateFormat } from './locale';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Ages are shown up to this many milliseconds, then the date. */
const LONGEST_AGE = 8 * DAY;

const DAY_AND_MONTH = { month: 'short', day: 'numeric' } as const;
const DATE = { ...DAY_AND_MONTH, year: 'numeric' } as const;
const CLOCK = { hour: '2-digit', minute: '2-digit' } as const;
const CLOCK_SECONDS = { ...CLOCK, second: '2-digit' } as const;
const FULL = { dateStyle: 'full', timeStyle: 'long' } as const;

/** How long ago, short enough for a row: `4 min`, `2 h`, `1 d`; after seven days the date. */
export function age(instant: string, now: number, trans: TranslationBundle): string {
  const ms = now - Date.parse(instant);
  if (!(ms > -MINUTE)) {
    return clock(instant);
  }
  if (ms < MINUTE) {
    return trans.__('now');
  }
  if (ms < HOUR) {
    return trans.__('%1 min', Math.floor(ms / MINUTE));
  }
  if (ms < DAY) {
    return trans.__('%1 h', Math.floor(ms / HOUR));
  }
  return ms < LONGEST_AGE ? trans.__('%1 d', Math.floor(ms / DAY)) : date(instant, now);
}

/** How long ago as text: `4 min ago`. */
export function ago(instant: string, now: number, trans: TranslationBundle): string {
  const ms = now - Date.parse(instant);
  if (ms < MINUTE) {
    return trans.__('just now');
  }
  return ms < LONGEST_AGE ? trans.__('%1 ago', age(instant, now, trans)) : date(instant, now);
}

/** How long from now, for a TTL: `6 d`. */
export function remaining(instant: string, now: number, trans: TranslationBundle): string {
  const ms = Date.parse(instant) - now;
  if (ms < HOUR) {
    return trans.__('%1 min', Math.max(0, Math.ceil(ms / MINUTE)));
  }
  return ms < DAY ? trans.__('%1 h', Math.round(ms / HOUR)) : trans.__('%1 d', Math.round(ms / DAY));
}

/** `14:32`. */
export function clock(instant: string): string {
  return dateFormat(CLOCK).format(new Date(instant));
}

/** `14:32:07`. */
export function clockSeconds(at: Date | number): string {
  return dateFormat(CLOCK_SECONDS).format(at);
}

/** `today 14:32:07`, `yesterday 09:12:00`, `5 days ago`, then the date. */
export function moment(instant: string, now: number, trans: TranslationBundle): string {
  const at = new Date(instant);
  const days = daysBetween(at, new Date(now));
  if (days === 0) {
    return trans.__('today %1', clockSeconds(at));
  }
  if (days === 1) {
    return trans.__('yesterday %1', clockSeconds(at));
  }
  return days > 1 && days <= 7
    ? trans._n('%1 day ago', '%1 days ago', days)
    : `${date(instant, now)}, ${clockSeconds(at)}`;
}

/** `14:32 today`, `1 day ago`, then the date: the slider's words. */
export function clockAndDay(instant: string, now: number, trans: TranslationBundle): string {
  const days = daysBetween(new Date(instant), new Date(now));
  if (days === 0) {
    return trans.__('%1 today', clock(instant));
  }
  return days > 0 && days <= 7 ? trans._n('%1 day ago', '%1 days ago', days) : date(instant, now);
}

/** The full time with its zone, for a tooltip. */
export function fullTime(instant: string): string {
  return dateFormat(FULL).format(new Date(instant));
}

function date(instant: string, now: number): string {
  const at = new Date(instant);
  return dateFormat(at.getFullYear() === new Date(now).getFullYear() ? DAY_AND_MONTH : DATE).format(at);
}

function daysBetween(from: Date, to: Date): number {
  const start = new Date(from).setHours(0, 0, 0, 0);
  const end = new Date(to).setHours(0, 0, 0, 0);
  return Math.round((end - start) / DAY);
}
