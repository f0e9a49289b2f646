import { int32At, type RawValue } from '../../bson/raw';
import { T } from '../../bson/types';
import type { ComparisonOp } from './comparison';
import { MISSING, PathTest, position, type ElementTest } from './path';

/**
 * A condition. `matches` asks about a document that begins at `start`; `test` asks about
 * one value, for conditions inside `$elemMatch: {$gt: …}` that have no path of their own.
 */
export interface FilterNode {
  matches(buf: Buffer, start: number): boolean;
  test: ElementTest;
}

/** What a condition on one path says, for planning. */
export type LeafMeaning =
  | { readonly op: ComparisonOp; readonly value: RawValue }
  | { readonly op: '$in'; readonly values: readonly RawValue[] }
  | { readonly op: 'prefix'; readonly prefix: string; readonly regex: RawValue }
  | { readonly op: 'missing' }
  | { readonly op: 'number' }
  | { readonly op: 'other' };

/** A condition on the values at a path. */
export class LeafNode implements FilterNode {
  private readonly pathTest: PathTest;

  constructor(
    readonly path: string,
    readonly test: ElementTest,
    readonly meaning: LeafMeaning
  ) {
    this.pathTest = new PathTest(path, false, test);
  }

  matches(buf: Buffer, start: number): boolean {
    return this.pathTest.matches(buf, start);
  }
}

/** A condition on an array as a whole: `$size` and both forms of `$elemMatch`. */
export class ArrayNode implements FilterNode {
  private readonly pathTest: PathTest;
  readonly test: ElementTest;

  constructor(
    readonly path: string,
    onArray: (buf: Buffer, start: number) => boolean,
    /** `$elemMatch`: what each element must satisfy. */
    readonly element: { readonly node: FilterNode; readonly isObject: boolean } | undefined
  ) {
    this.test = (type, buf, start) => type === T.ARRAY && onArray(buf, start);
    this.pathTest = new PathTest(path, true, this.test);
  }

  matches(buf: Buffer, start: number): boolean {
    return this.pathTest.matches(buf, start);
  }
}

export class AndNode implements FilterNode {
  readonly test: ElementTest;

  constructor(readonly children: readonly FilterNode[]) {
    this.test = (type, buf, start, end) => {
      for (const child of children) if (!child.test(type, buf, start, end)) return false;
      return true;
    };
  }

  matches(buf: Buffer, start: number): boolean {
    const children = this.children;
    for (let i = 0; i < children.length; i++) if (!children[i]!.matches(buf, start)) return false;
    return true;
  }
}

export class OrNode implements FilterNode {
  readonly test: ElementTest;

  constructor(readonly children: readonly FilterNode[]) {
    this.test = (type, buf, start, end) => {
      for (const child of children) if (child.test(type, buf, start, end)) return true;
      return false;
    };
  }

  matches(buf: Buffer, start: number): boolean {
    for (const child of this.children) if (child.matches(buf, start)) return true;
    return false;
  }
}

/** Negation; also `$nor` (of an or), `$ne` and `$nin`. Positions found inside do not count. */
export class NotNode implements FilterNode {
  readonly test: ElementTest;

  constructor(readonly child: FilterNode) {
    this.test = (type, buf, start, end) => quietly(() => !child.test(type, buf, start, end));
  }

  matches(buf: Buffer, start: number): boolean {
    if (!position.recording) return !this.child.matches(buf, start);
    return quietly(() => !this.child.matches(buf, start));
  }
}

function quietly(ask: () => boolean): boolean {
  const recording = position.recording;
  position.recording = false;
  try {
    return ask();
  } finally {
    position.recording = recording;
  }
}

/** A condition on the whole document: `$expr`, `$jsonSchema`, `$sampleRate`. */
export class DocumentNode implements FilterNode {
  readonly test: ElementTest;

  constructor(private readonly ask: (doc: Buffer) => boolean) {
    this.test = (type, buf, start, end) => type === T.OBJECT && ask(buf.subarray(start, end));
  }

  matches(buf: Buffer, start: number): boolean {
    const end = start + int32At(buf, start);
    return this.ask(start === 0 && end === buf.length ? buf : buf.subarray(start, end));
  }
}

export const ALWAYS: FilterNode = { matches: () => true, test: () => true };
export const NEVER: FilterNode = { matches: () => false, test: () => false };

/** `$exists: true`. */
export const exists: ElementTest = type => type !== MISSING;
