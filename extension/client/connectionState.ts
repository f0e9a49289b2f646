import type { HelloResult } from './protocol';

/**
 * Where the page stands with the bridge. Every surface shows this one value, so that they never disagree.
 */
export type ConnectionState =
  /** The bridge is stopped and nobody has asked for it. */
  | { readonly kind: 'idle' }
  /** It cannot start on this server: Node.js or the server extension is not there. */
  | {
      readonly kind: 'missing';
      readonly message: string;
      readonly code: string;
      readonly log: readonly string[];
    }
  /** It ended and does not come back by itself. */
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly code: string;
      readonly log: readonly string[];
    }
  /** The server starts it. `since` is in milliseconds of `Date.now`. */
  | {
      readonly kind: 'starting';
      readonly since: number;
      readonly message: string;
      readonly log: readonly string[];
    }
  /** It runs; the page opens its first connection. */
  | { readonly kind: 'connecting'; readonly since: number }
  | { readonly kind: 'connected'; readonly hello: HelloResult }
  /** Connected to a bridge of another protocol version: reading works, writing is refused. */
  | { readonly kind: 'readOnly'; readonly hello: HelloResult }
  /** The connection was lost; the next try comes by itself. `nextTryAt` is 0 while one is under way. */
  | {
      readonly kind: 'reconnecting';
      readonly since: number;
      readonly attempt: number;
      readonly nextTryAt: number;
      readonly message: string;
    };

/** Whether calls can be made in this state. */
export function isOpen(state: ConnectionState): boolean {
  return state.kind === 'connected' || state.kind === 'readOnly';
}
