import { T, values, type Collation, type RawValue } from '../../bson';
import type { Filter, Interval, QueryOptions } from '../api';
import { Scope } from '../expression';
import { orderOf, type ValueOrder } from '../order';
import { boundsOf, stringsIn } from './bounds';
import { AndNode, LeafNode, OrNode, type FilterNode } from './node';
import { parseFilter } from './parse';
import { position } from './path';

/**
 * Compiles a filter as `find` takes it.
 * @throws BAD_REQUEST with MongoDB's code in `data.mongoCode`
 */
export function compileFilter(filter: Buffer, options: QueryOptions = {}): Filter {
  const order = orderOf(options.collation);
  // Another thread that compiles it must have the same time.
  const known = options.now === undefined ? { ...options, now: Date.now() } : options;
  let scope: Scope | undefined;
  const root = parseFilter(filter, {
    expressions: () => (scope ??= Scope.create(known)),
    random: Math.random,
    order
  });
  return new CompiledFilter(filter, known, root, order);
}

class CompiledFilter implements Filter {
  readonly isEmpty: boolean;

  constructor(
    readonly source: Buffer,
    readonly options: QueryOptions,
    private readonly root: FilterNode,
    private readonly order: ValueOrder
  ) {
    this.isEmpty = source.length === 5;
  }

  matches(doc: Buffer): boolean {
    return this.root.matches(doc, 0);
  }

  matchesAt(bytes: Buffer, start: number): boolean {
    return this.root.matches(bytes, start);
  }

  matchWithPosition(doc: Buffer): { matched: boolean; position?: string } {
    position.recording = true;
    position.found = undefined;
    try {
      const matched = this.root.matches(doc, 0);
      const found = position.found as string | undefined;
      return matched && found !== undefined ? { matched, position: found } : { matched };
    } finally {
      position.recording = false;
    }
  }

  idEquals(): RawValue[] | undefined {
    const intervals = this.bounds('_id', true);
    if (intervals === undefined) return undefined;
    const out: RawValue[] = [];
    for (const { lower, upper } of intervals) {
      if (lower === undefined || upper === undefined || lower.value !== upper.value) return undefined;
      out.push(lower.value);
    }
    return out;
  }

  get collation(): Collation | undefined {
    return this.order.collation;
  }

  bounds(path: string, single = path === '_id', index?: Collation): readonly Interval[] | undefined {
    if (path !== '_id' && path.split('.').some(part => /^\d+$/.test(part))) return undefined;
    return boundsOf(this.root, path, single, stringsIn(this.order.collation, index));
  }

  equalities(): { path: string; value: RawValue }[] {
    const out: { path: string; value: RawValue }[] = [];
    collectEqualities(this.root, out);
    return out;
  }
}

function collectEqualities(node: FilterNode, out: { path: string; value: RawValue }[]): void {
  if (node instanceof LeafNode) {
    const { meaning } = node;
    if (meaning.op === '$eq') out.push({ path: node.path, value: meaning.value });
    else if (meaning.op === '$in' && meaning.values.length === 1)
      out.push({ path: node.path, value: meaning.values[0]! });
  } else if (node instanceof AndNode) {
    for (const child of node.children) collectEqualities(child, out);
  } else if (node instanceof OrNode && node.children.length === 1) {
    collectEqualities(node.children[0]!, out);
  }
}

/** The documents of an array value. */
export function documentsIn(value: RawValue): Buffer[] {
  return values(value.bytes)
    .filter(item => item.type === T.OBJECT)
    .map(item => item.bytes);
}
