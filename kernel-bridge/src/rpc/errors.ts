import { ArgonError } from '@argon/wal-core';
import type { Error as ProtocolError } from './protocol';

/** Codes of JSON-RPC 2.0, and the one for errors of Argon. */
export const RPC_CODES = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  ARGON: -32000
} as const;

type RpcCode = (typeof RPC_CODES)[keyof typeof RPC_CODES];

/** An error as a reply carries it. `data` is there only when the error has some. */
export function toProtocolError(error: unknown, code: RpcCode = RPC_CODES.ARGON): ProtocolError {
  if (error instanceof ArgonError) {
    const data = Object.keys(error.data).length === 0 ? {} : { data: plain(error.data) };
    return { code, message: error.message, data: { code: error.code, ...data } };
  }
  return {
    code: RPC_CODES.INTERNAL_ERROR,
    message: 'An unexpected fault inside Argon. The log of the bridge has the details.',
    data: { code: 'INTERNAL' }
  };
}

/** Only what JSON can say, whatever an error was given. */
function plain(data: object): Record<string, unknown> {
  try {
    return JSON.parse(
      JSON.stringify(data, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
    ) as Record<string, unknown>;
  } catch {
    return {};
  }
}
