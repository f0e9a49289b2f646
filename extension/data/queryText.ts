import type { ExtendedJson } from '../client/protocol';

/** Why a text is no query, and where. */
export type QueryTrouble =
  | 'end' // The text ends too soon.
  | 'token' // Something else is expected here.
  | 'number'
  | 'string'
  | 'regex'
  | 'call' // A constructor such as ObjectId() that cannot take what it was given.
  | 'name' // A bare word that is no value.
  | 'deep'
  | 'object'; // A query is an object.

/** A query as Extended JSON, or what is wrong with the text. */
export type ParsedQuery =
  | { readonly query: Readonly<Record<string, ExtendedJson>> }
  | { readonly trouble: QueryTrouble; readonly at: number; readonly what: string };

/** Objects and arrays inside each other; MongoDB takes no more. */
const DEPTH_MAX = 100;

/**
 * Reads a query as people type it: Extended JSON, relaxed the way a shell is. Keys need no quotes, strings may have
 * single ones, a comma may trail, `ObjectId("…")`, `ISODate("…")`, `NumberLong(1)` and `/regex/i` are values. An
 * empty text is the query for everything.
 */
export function parseQuery(text: string): ParsedQuery {
  if (text.trim() === '') {
    return { query: {} };
  }
  try {
    return { query: new Reader(text).whole() };
  } catch (error) {
    if (error instanceof Trouble) {
      return { trouble: error.kind, at: error.at, what: error.what };
    }
    throw error;
  }
}

class Trouble extends Error {
  constructor(
    readonly kind: QueryTrouble,
    readonly at: number,
    readonly what = ''
  ) {
    super(kind);
  }
}

type Call = (given: readonly ExtendedJson[]) => ExtendedJson;

const text = (value: ExtendedJson): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : longText(value);

/** What the shell's constructors stand for; they throw on what they cannot take. */
const CALLS: Readonly<Record<string, Call>> = {
  ObjectId: ([hex]) => ({ $oid: must(hex, /^[0-9a-f]{24}$/i) }),
  ISODate: ([value]) => date(value),
  Date: ([value]) => date(value),
  NumberInt: ([value]) => ({ $numberInt: must(value, /^[+-]?\d{1,10}$/) }),
  Int32: ([value]) => ({ $numberInt: must(value, /^[+-]?\d{1,10}$/) }),
  NumberLong: ([value]) => ({ $numberLong: must(value, /^[+-]?\d{1,19}$/) }),
  Long: ([value]) => ({ $numberLong: must(value, /^[+-]?\d{1,19}$/) }),
  Double: ([value]) => ({ $numberDouble: must(value, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i) }),
  NumberDecimal: ([value]) => ({ $numberDecimal: must(value, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i) }),
  Decimal128: ([value]) => ({ $numberDecimal: must(value, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i) }),
  UUID: ([value]) => ({ $uuid: must(value, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i) }),
  Timestamp: ([t, i]) => ({
    $timestamp: { t: Number(must(t, /^\d{1,10}$/)), i: Number(must(i, /^\d{1,10}$/)) }
  }),
  RegExp: ([pattern, options]) => ({
    $regularExpression: {
      pattern: must(pattern, /^/),
      options: options === undefined ? '' : must(options, /^[a-z]*$/)
    }
  }),
  MinKey: () => ({ $minKey: 1 }),
  MaxKey: () => ({ $maxKey: 1 })
};

/** Names of the constructors, for whoever completes them. */
export const CONSTRUCTORS: readonly string[] = Object.keys(CALLS);

const WORDS: ReadonlyMap<string, ExtendedJson> = new Map<string, ExtendedJson>([
  ['true', true],
  ['false', false],
  ['null', null],
  // A notebook's words for the same.
  ['True', true],
  ['False', false],
  ['None', null],
  ['NaN', { $numberDouble: 'NaN' }],
  ['Infinity', { $numberDouble: 'Infinity' }],
  ['undefined', { $undefined: true }]
]);

function must(value: ExtendedJson, pattern: RegExp): string {
  const said = text(value);
  if (said === undefined || !pattern.test(said)) {
    throw new TypeError('not that');
  }
  return said;
}

function date(value: ExtendedJson): ExtendedJson {
  const said = text(value);
  const ms =
    said === undefined
      ? NaN
      : /^-?\d+$/.test(said) && typeof value !== 'string'
        ? Number(said)
        : Date.parse(said);
  if (!Number.isFinite(ms)) {
    throw new TypeError('no date');
  }
  return { $date: { $numberLong: String(ms) } };
}

function longText(value: ExtendedJson): string | undefined {
  const inner =
    typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)['$numberLong']
      : undefined;
  return typeof inner === 'string' ? inner : undefined;
}

/** A recursive descent over the text. */
class Reader {
  constructor(private readonly source: string) {}

  whole(): Readonly<Record<string, ExtendedJson>> {
    this.space();
    const start = this.at;
    if (this.source[this.at] !== '{') {
      throw new Trouble('object', start);
    }
    const value = this.object();
    this.space();
    if (this.at < this.source.length) {
      throw new Trouble('token', this.at, this.source[this.at]);
    }
    return value;
  }

  private value(): ExtendedJson {
    this.space();
    const first = this.source[this.at];
    if (first === undefined) {
      throw new Trouble('end', this.at);
    }
    if (first === '{') {
      return this.object();
    }
    if (first === '[') {
      return this.array();
    }
    if (first === '"' || first === "'") {
      return this.string(first);
    }
    if (first === '/') {
      return this.regex();
    }
    if (/[-+.\d]/.test(first)) {
      return this.number();
    }
    return this.word();
  }

  private object(): Record<string, ExtendedJson> {
    const found: Record<string, ExtendedJson> = {};
    this.list('{', '}', () => {
      const key = this.key();
      this.space();
      this.expect(':');
      const value = this.value();
      // A key of this name is a key like any other.
      Object.defineProperty(found, key, { value, enumerable: true, configurable: true, writable: true });
    });
    return found;
  }

  private array(): ExtendedJson[] {
    const found: ExtendedJson[] = [];
    this.list('[', ']', () => found.push(this.value()));
    return found;
  }

  private list(open: string, close: string, item: () => void): void {
    if (++this.depth > DEPTH_MAX) {
      throw new Trouble('deep', this.at);
    }
    this.expect(open);
    for (;;) {
      this.space();
      if (this.source[this.at] === close) {
        break;
      }
      item();
      this.space();
      if (this.source[this.at] !== ',') {
        break;
      }
      this.at++;
    }
    this.space();
    this.expect(close);
    this.depth--;
  }

  private key(): string {
    const first = this.source[this.at];
    if (first === '"' || first === "'") {
      return this.string(first);
    }
    const [word] = this.match(/[^\s:,{}[\]()"'/]+/uy) ?? [];
    if (word === undefined) {
      throw this.unexpected();
    }
    return word;
  }

  private string(quote: string): string {
    const start = this.at++;
    let out = '';
    for (;;) {
      const char = this.source[this.at++];
      if (char === undefined || char === '\n') {
        throw new Trouble('string', start);
      }
      if (char === quote) {
        return out;
      }
      out += char === '\\' ? this.escaped(start) : char;
    }
  }

  private escaped(start: number): string {
    const char = this.source[this.at++];
    if (char === undefined) {
      throw new Trouble('string', start);
    }
    if (char === 'u') {
      const [hex] = this.match(/[0-9a-f]{4}/iy) ?? [];
      if (hex === undefined) {
        throw new Trouble('string', this.at);
      }
      return String.fromCharCode(parseInt(hex, 16));
    }
    return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[char] ?? char;
  }

  private regex(): ExtendedJson {
    const found = this.match(/\/((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\/([a-z]*)/y);
    if (found === undefined) {
      throw new Trouble('regex', this.at);
    }
    return { $regularExpression: { pattern: found[1]!, options: [...found[2]!].sort().join('') } };
  }

  private number(): ExtendedJson {
    const start = this.at;
    const [sign] = this.match(/[-+]?Infinity\b/y) ?? [];
    if (sign !== undefined) {
      return { $numberDouble: sign.replace('+', '') };
    }
    const [digits] = this.match(/[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/iy) ?? [];
    if (digits === undefined || /[\w.]/.test(this.source[this.at] ?? '')) {
      throw new Trouble('number', start);
    }
    const value = Number(digits);
    // A number of JavaScript would be another one than was typed.
    if (/^[-+]?\d+$/.test(digits) && !Number.isSafeInteger(value)) {
      if (BigInt(digits.replace('+', '')) !== BigInt.asIntN(64, BigInt(digits.replace('+', '')))) {
        throw new Trouble('number', start);
      }
      return { $numberLong: digits.replace('+', '') };
    }
    return /^[-+]?\d+$/.test(digits) ? value : { $numberDouble: digits.replace('+', '') };
  }

  private word(): ExtendedJson {
    const start = this.at;
    let [name] = this.match(/[\p{L}_$][\p{L}\d_$]*/uy) ?? [];
    if (name === undefined) {
      throw this.unexpected();
    }
    if (name === 'new') {
      this.space();
      [name] = this.match(/[\p{L}_$][\p{L}\d_$]*/uy) ?? [''];
    }
    this.space();
    if (this.source[this.at] === '(') {
      const call = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
      if (call === undefined) {
        throw new Trouble('name', start, name);
      }
      const given: ExtendedJson[] = [];
      this.list('(', ')', () => given.push(this.value()));
      try {
        return call(given);
      } catch {
        throw new Trouble('call', start, name);
      }
    }
    if (!WORDS.has(name)) {
      throw new Trouble('name', start, name);
    }
    return WORDS.get(name);
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source) ?? undefined;
    this.at += found?.[0].length ?? 0;
    return found;
  }

  private expect(char: string): void {
    if (this.source[this.at] !== char) {
      throw this.unexpected();
    }
    this.at++;
  }

  private unexpected(): Trouble {
    const char = this.source[this.at];
    return char === undefined ? new Trouble('end', this.at) : new Trouble('token', this.at, char);
  }

  private space(): void {
    this.match(/(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y);
  }

  private at = 0;
  private depth = 0;
}
