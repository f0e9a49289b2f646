import type { RawValue } from '../../bson';
import { queryError } from '../error';
import type { MutableValue } from './tree';

/** What modifiers know about the update under way. */
export interface ModifierContext {
  /** The document as messages name it: `{_id: 1}`. */
  readonly id: string;
  /** The same without braces: `_id: 1`. */
  readonly idElement: string;
  readonly isInsert: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly timestamp: bigint;
}

/** What one operator does at one path. */
export interface Modifier {
  /** Whether a missing path is created; otherwise a missing path is left alone. */
  readonly creates: boolean;
  /** Changes the value that is there. `name` is the last part of the path. */
  update(target: MutableValue, context: ModifierContext, name: string): void;
  /** The value for a field that is not there. */
  create?(context: ModifierContext): RawValue | undefined;
  /** `$unset`: takes the field away instead. */
  readonly removes?: boolean;
}

/** The largest gap that setting an array element may fill with nulls. */
export const ARRAY_BACKFILL_MAX = 1_500_000;

export function typeMismatch(message: string): never {
  throw queryError(14, message);
}
