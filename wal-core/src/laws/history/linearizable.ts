/** One operation of a client on one document: what it did, what it saw, and when it began and ended. */
export interface Operation {
  readonly client: number;
  /** Order of events: an operation that ended before another began comes before it. */
  readonly begin: number;
  /** Infinity when the client never learned what came of it. */
  readonly end: number;
  readonly do: Action;
}

/** What an operation does to a document whose content is one number; undefined is "not there". */
export type Action =
  | { readonly kind: 'read'; readonly saw: number | undefined }
  | { readonly kind: 'write'; readonly value: number | undefined }
  /** Writes `value` if it finds `expected`; `done`: undefined when nobody knows. */
  | {
      readonly kind: 'swap';
      readonly expected: number | undefined;
      readonly value: number;
      readonly done: boolean | undefined;
    };

/** The content after an action on a document with that content; `'no'` when the action cannot have seen it. */
function after(action: Action, content: number | undefined): number | undefined | 'no' {
  switch (action.kind) {
    case 'read':
      return action.saw === content ? content : 'no';
    case 'write':
      return action.value;
    case 'swap': {
      const fits = action.expected === content;
      if (action.done !== undefined && action.done !== fits) {
        return 'no';
      }
      return fits ? action.value : content;
    }
  }
}

/**
 * Whether there is an order of the operations that a single document could have seen and that
 * respects which of them ended before which began (Wing & Gong, with Lowe's memory of states seen).
 * An operation without an end may come at any later time, or never.
 */
export function isLinearizable(operations: readonly Operation[]): boolean {
  const sorted = [...operations].sort((a, b) => a.begin - b.begin);
  const seen = new Set<string>();
  const done = new Uint8Array(sorted.length);
  const search = (first: number, left: number, content: number | undefined): boolean => {
    while (first < sorted.length && done[first] === 1) {
      first++;
    }
    if (left === 0) {
      return true;
    }
    const name = `${first} ${done.subarray(first).join('')} ${content}`;
    if (seen.has(name)) {
      return false;
    }
    seen.add(name);
    // Only operations that began before the first of those left has ended may come next.
    let earliest = Infinity;
    for (let i = first; i < sorted.length; i++) {
      if (done[i] === 0) {
        earliest = Math.min(earliest, sorted[i]!.end);
      }
    }
    for (let i = first; i < sorted.length && sorted[i]!.begin <= earliest; i++) {
      if (done[i] === 1) {
        continue;
      }
      const next = after(sorted[i]!.do, content);
      if (next === 'no') {
        continue;
      }
      done[i] = 1;
      if (search(first, left - (sorted[i]!.end === Infinity ? 0 : 1), next)) {
        return true;
      }
      done[i] = 0;
    }
    return false;
  };
  return search(0, sorted.filter(({ end }) => end !== Infinity).length, undefined);
}
