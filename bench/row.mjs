/** One line of a benchmark's table. */

/**
 * @typedef {object} Row
 * @property {string} suite
 * @property {string} name
 * @property {number} value
 * @property {string} unit
 * @property {number | null} baseline what the same work costs without Argon, in the same unit, from the same run
 * @property {number | null} ratio value ÷ baseline
 * @property {string | null} goal
 * @property {boolean | null} ok
 *
 * @typedef {{ atLeast?: number, atMost?: number, of?: 'value' | 'ratio' }} Goal
 */

const number = value => value.toLocaleString('en-US', { maximumFractionDigits: 2 });

/** What a goal says in words. @param {Goal} goal */
function words({ atLeast, atMost, of = 'value' }) {
  const bound = atLeast === undefined ? `≤ ${number(atMost)}` : `≥ ${number(atLeast)}`;
  return of === 'ratio' ? `ratio ${bound}` : bound;
}

/**
 * Makes a row.
 * @param {{ suite: string, name: string, value: number, unit: string, baseline?: number, goal?: Goal }} facts
 * @returns {Row}
 */
export function row({ suite, name, value, unit, baseline, goal }) {
  const ratio = baseline === undefined ? null : value / baseline;
  const judged = goal?.of === 'ratio' ? ratio : value;
  return {
    suite,
    name,
    value,
    unit,
    baseline: baseline ?? null,
    ratio,
    goal: goal ? words(goal) : null,
    ok: goal
      ? judged >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) &&
        judged <= (goal.atMost ?? Number.POSITIVE_INFINITY)
      : null
  };
}

/** The middle one of some measurements. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that `part` (0…1) of the measurements stay under. */
export function quantile(values, part) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

const HEAD = ['', 'value', 'unit', 'baseline', 'ratio', 'goal', ''];

/** The rows as a table for a terminal. @param {readonly Row[]} rows */
export function table(rows) {
  const short = value =>
    value === null
      ? ''
      : value >= 1000
        ? Math.round(value).toLocaleString('en-US')
        : Number(value.toPrecision(3)).toString();
  const mark = ok => (ok === null ? '' : ok ? 'ok' : 'missed');
  const cells = [
    HEAD,
    ...rows.map(each => [
      each.name,
      short(each.value),
      each.unit,
      short(each.baseline),
      short(each.ratio),
      each.goal ?? '',
      mark(each.ok)
    ])
  ];
  const widths = HEAD.map((_, column) => Math.max(...cells.map(line => line[column].length)));
  const isNumber = column => [1, 3, 4].includes(column);
  return cells
    .map(line =>
      line
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])
        )
        .join('  ')
        .trimEnd()
    )
    .join('\n');
}
