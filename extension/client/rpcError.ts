/**
 * An error that the bridge answered, or that stands for a bridge that cannot be reached.
 * `message` is written for a person; `code` is one of docs/errors.md and stays the same on every surface.
 */
export class RpcError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

/** The code of an error of Argon, or `INTERNAL` for anything else that was thrown. */
export function codeOf(error: unknown): string {
  return error instanceof RpcError ? error.code : 'INTERNAL';
}

/** The sentence of an error, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
