import { queryError } from './error';

/**
 * MongoDB's regular expressions are PCRE over UTF-8; these are turned into JavaScript's.
 * What differs and is translated: `$` before a final newline, `.` and line ends, `\s`,
 * `\A \z \Z \h \R \Q…\E`, POSIX classes, `(?P<name>…)`, inline flags at the start,
 * the `x` flag. What cannot be said in JavaScript is refused.
 */
export function compileRegex(pattern: string, options: string, extraFlags = ''): RegExp {
  for (const option of options) {
    if (!'imsxu'.includes(option)) throw queryError(51108, ` invalid flag in regex options: ${option}`);
  }
  if (pattern.includes('\0')) throw queryError(2, 'Regular expression cannot contain an embedded null byte');
  const key = `${extraFlags}/${options}/${pattern}`;
  let regex = cache.get(key);
  if (regex === undefined) {
    regex = translate(pattern, options, extraFlags);
    if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
    cache.set(key, regex);
  }
  return regex;
}

const CACHE_ENTRIES_MAX = 500;
const cache = new Map<string, RegExp>();

const POSIX: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\t-\\r ',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9a-fA-F',
  word: 'a-zA-Z0-9_',
  cntrl: '\\x00-\\x1f\\x7f',
  print: ' -~',
  graph: '!-~'
};

function translate(pattern: string, options: string, extraFlags: string): RegExp {
  const flags = new Set(options);
  let rest = pattern;
  for (let inline = /^\(\?([imsx]+)\)/.exec(rest); inline; inline = /^\(\?([imsx]+)\)/.exec(rest)) {
    for (const flag of inline[1]!) flags.add(flag);
    rest = rest.slice(inline[0].length);
  }
  const source = translateBody(rest, flags);
  const jsFlags =
    (flags.has('i') ? 'i' : '') + (flags.has('m') ? 'm' : '') + (flags.has('s') ? 's' : '') + extraFlags;
  try {
    return new RegExp(source, `u${jsFlags}`);
  } catch {
    // Unicode mode is strict about escapes that PCRE lets pass.
  }
  try {
    return new RegExp(source, jsFlags);
  } catch (error) {
    throw queryError(51091, `Regular expression is invalid: ${(error as Error).message}`);
  }
}

function translateBody(body: string, flags: ReadonlySet<string>): string {
  const extended = flags.has('x');
  const dot = flags.has('s') ? '[\\s\\S]' : '[^\\n]';
  const end = flags.has('m') ? '(?=\\n|(?![\\s\\S]))' : '(?=\\n?(?![\\s\\S]))';
  const start = flags.has('m') ? '(?<=\\n|(?<![\\s\\S]))' : '(?<![\\s\\S])';
  let out = '';
  for (let i = 0; i < body.length;) {
    const c = body[i]!;
    if (c === '\\') {
      const next = body[i + 1];
      if (next === 'Q') {
        const close = body.indexOf('\\E', i + 2);
        const literal = body.slice(i + 2, close < 0 ? undefined : close);
        out += literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replace(/\\-/g, '-');
        i = close < 0 ? body.length : close + 2;
        continue;
      }
      out += escapeOutside(next);
      i += 2;
    } else if (c === '[') {
      const [set, after] = translateClass(body, i);
      out += set;
      i = after;
    } else if (extended && /\s/.test(c)) {
      i++;
    } else if (extended && c === '#') {
      const line = body.indexOf('\n', i);
      i = line < 0 ? body.length : line + 1;
    } else if (c === '.') {
      out += dot;
      i++;
    } else if (c === '$') {
      out += end;
      i++;
    } else if (c === '^') {
      out += start;
      i++;
    } else if (body.startsWith('(?P<', i)) {
      out += '(?<';
      i += 4;
    } else if (body.startsWith('(?#', i)) {
      const close = body.indexOf(')', i);
      i = close < 0 ? body.length : close + 1;
    } else if (body.startsWith('(?>', i) || /^(?:[*+?]|\{\d+(?:,\d*)?\})\+/.test(body.slice(i))) {
      throw queryError(
        51091,
        'Regular expression is invalid: atomic groups and possessive quantifiers are not supported'
      );
    } else if (c === '{' && !/^\{\d+(?:,\d*)?\}/.test(body.slice(i))) {
      out += '\\{';
      i++;
    } else if (c === '}' && !/\{\d+(?:,\d*)?$/.test(body.slice(0, i))) {
      out += '\\}';
      i++;
    } else if (c === ']') {
      out += '\\]';
      i++;
    } else {
      out += c;
      i++;
    }
  }
  return out;
}

function escapeOutside(next: string | undefined): string {
  switch (next) {
    case undefined:
      throw queryError(51091, 'Regular expression is invalid: \\ at end of pattern');
    case 'A':
      return '(?<![\\s\\S])';
    case 'z':
      return '(?![\\s\\S])';
    case 'Z':
      return '(?=\\n?(?![\\s\\S]))';
    case 's':
      return '[\\t-\\r ]';
    case 'S':
      return '[^\\t-\\r ]';
    case 'h':
      return '[ \\t]';
    case 'R':
      return '(?:\\r\\n|[\\n-\\r])';
    case 'a':
      return '\\x07';
    case 'e':
      return '\\x1b';
    default:
      // An escaped character that means nothing special stands for itself.
      return /[a-zA-Z0-9^$\\.*+?()[\]{}|/]/.test(next) ? `\\${next}` : next;
  }
}

function translateClass(body: string, open: number): [string, number] {
  let out = '[';
  let i = open + 1;
  if (body[i] === '^') {
    out += '^';
    i++;
  }
  for (let first = true; ; first = false) {
    const c = body[i];
    if (c === undefined)
      throw queryError(51091, 'Regular expression is invalid: missing terminating ] for character class');
    if (c === ']' && !first) return [`${out}]`, i + 1];
    const posix = /^\[:(\^?)(\w+):\]/.exec(body.slice(i));
    if (posix) {
      const set = POSIX[posix[2]!];
      if (set === undefined || posix[1] === '^')
        throw queryError(51091, 'Regular expression is invalid: unknown POSIX class name');
      out += set;
      i += posix[0].length;
    } else if (c === '\\') {
      const next = body[i + 1];
      if (next === undefined) throw queryError(51091, 'Regular expression is invalid: \\ at end of pattern');
      out +=
        next === 's'
          ? '\\t-\\r '
          : next === 'h'
            ? ' \\t'
            : /[a-zA-Z0-9\\\]^-]/.test(next)
              ? `\\${next}`
              : escapeInClass(next);
      i += 2;
    } else {
      out += c === '[' || c === ']' ? `\\${c}` : c;
      i++;
    }
  }
}

function escapeInClass(c: string): string {
  return /[[\]\\^$.*+?(){}|/-]/.test(c) ? `\\${c}` : c;
}

/** The literal that every match begins with, when the pattern is anchored: for index bounds. */
export function literalPrefix(pattern: string, options: string): string | undefined {
  if (options !== '' || !pattern.startsWith('^') || pattern.includes('|')) return undefined;
  const match = /^\^([A-Za-z0-9 _,:;@#%&=<>!~"'`/-]*)/.exec(pattern)!;
  let prefix = match[1]!;
  const following = pattern[match[0].length];
  if (following !== undefined && '*?{+'.includes(following)) prefix = prefix.slice(0, -1);
  return prefix === '' ? undefined : prefix;
}

/** The text searched for, when the pattern is nothing but text. */
export function plainText(pattern: string, options: string): { text: string; anchored: boolean } | undefined {
  if (options !== '') return undefined;
  const match = /^(\^?)([A-Za-z0-9 _,:;@#%&=<>!~"'`/-]+)$/.exec(pattern);
  return match ? { text: match[2]!, anchored: match[1] === '^' } : undefined;
}
