/** Ways to print a result. */
export const FORMATS = ['table', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** A column: its heading, and its text for a row. */
export type Column<Row> = readonly [heading: string, text: (row: Row) => string | number | undefined];

/** `rows` as an aligned table, or a line that says there are none. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], none: string): string {
  if (rows.length === 0) {
    return none;
  }
  const lines = [
    columns.map(([heading]) => heading.toUpperCase()),
    ...rows.map(row => columns.map(([, text]) => harmless(String(text(row) ?? ''))))
  ];
  const widths = columns.map((_, column) => Math.max(...lines.map(line => [...(line[column] ?? '')].length)));
  return lines
    .map(line =>
      line
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
        .join('  ')
        .trimEnd()
    )
    .join('\n');
}

/** Names and values are hostile text: no control character of theirs reaches the terminal. */
export function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, character => {
    const code = character.charCodeAt(0);
    return code === 10 ? '⏎' : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** `3 minutes ago`, for people. */
export function ago(instant: string, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(instant)) / 1000));
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60]
  ] as const) {
    const count = Math.floor(seconds / size);
    if (count > 0) {
      return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
    }
  }
  return 'just now';
}

/** `+3 ~1 −2`, leaving out what is zero. */
export function counts(added: number, changed: number, deleted: number): string {
  const parts = [
    [added, '+'],
    [changed, '~'],
    [deleted, '-']
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, sign]) => `${sign}${count}`)
    .join(' ');
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `12.3 MB`, for people. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, Math.abs(bytes))) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}
