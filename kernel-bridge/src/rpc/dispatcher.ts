import { ArgonError, type ErrorCode } from '@argon/wal-core';
import type { BridgeContext, Caller, Handler, Handlers } from './context';
import { RPC_CODES, toProtocolError } from './errors';
import type { Error as ProtocolError, Methods } from './protocol';
import { checkParams, isMethod } from './validation';

/** Requests in one batch. */
export const BATCH_REQUESTS_MAX = 100;
/** Size of one message, both ways. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** Methods that change data or history: refused on a connection whose protocol differs. */
const WRITES: ReadonlySet<keyof Methods> = new Set<keyof Methods>([
  'project.create',
  'project.delete',
  'branch.create',
  'branch.rename',
  'branch.protect',
  'branch.delete',
  'pin.create',
  'pin.delete',
  'merge.plan',
  'pick.plan',
  'undo.plan',
  'plan.again',
  'plan.answer',
  'plan.check',
  'plan.apply',
  'restore.plan',
  'restore.apply',
  'run.register',
  'run.update',
  'keeping.gc',
  'keeping.setRetention'
]);

/** Errors that whoever runs the bridge must know of, not only the client. */
const FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERNAL',
  'LOG_FAILED',
  'DISK_FULL',
  'READ_FAILED',
  'DATA_CORRUPT'
]);

type Id = string | number | null;
type Reply = { jsonrpc: '2.0'; id: Id } & ({ result: unknown } | { error: ProtocolError });

/** JSON-RPC 2.0 without a transport: texts in, texts out. */
export class Dispatcher {
  constructor(
    private readonly context: BridgeContext,
    private readonly handlers: Handlers
  ) {}

  /** Answers one message; undefined when nothing is to be answered (notifications). Never rejects. */
  async handle(text: string, caller: Caller): Promise<string | undefined> {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      const error = new ArgonError('BAD_REQUEST', 'The message is not JSON.');
      return encode(failure(null, error, RPC_CODES.PARSE_ERROR));
    }
    if (!Array.isArray(message)) {
      const reply = await this.answer(message, caller);
      return reply && encode(reply);
    }
    const count = message.length;
    if (count === 0 || count > BATCH_REQUESTS_MAX) {
      const error = new ArgonError(
        'BAD_REQUEST',
        `A batch has 1 to ${BATCH_REQUESTS_MAX} requests, not ${count}.`
      );
      return encode(failure(null, error, RPC_CODES.INVALID_REQUEST));
    }
    const replies = await Promise.all(message.map(request => this.answer(request, caller)));
    const texts = replies.filter(reply => reply !== undefined).map(encode);
    if (texts.length === 0) {
      return undefined;
    }
    const bytes = texts.reduce((sum, part) => sum + Buffer.byteLength(part) + 1, 1);
    return bytes > MESSAGE_BYTES_MAX ? encode(failure(null, tooLarge(bytes))) : `[${texts.join(',')}]`;
  }

  /** Calls a method as a request would. @throws ArgonError */
  async call<M extends keyof Methods>(
    method: M,
    params: Methods[M]['params'],
    caller: Caller
  ): Promise<Methods[M]['result']> {
    checkParams(method, params);
    this.admit(method, caller);
    const handler = this.handlers[method] as unknown as Handler<M>;
    return handler(params, caller);
  }

  private async answer(request: unknown, caller: Caller): Promise<Reply | undefined> {
    if (!isRequest(request)) {
      const error = new ArgonError('BAD_REQUEST', 'The message is not a JSON-RPC 2.0 request.');
      return failure(null, error, RPC_CODES.INVALID_REQUEST);
    }
    const { id, method, params = {} } = request;
    try {
      if (!isMethod(method)) {
        throw new ArgonError('METHOD_NOT_FOUND', `The bridge has no method ${JSON.stringify(method)}.`, {
          data: { method }
        });
      }
      const result = await this.call(method, params as never, caller);
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result: result ?? null };
    } catch (error) {
      if (!(error instanceof ArgonError) || FAULTS.has(error.code)) {
        this.context.logger.error('a request met a fault', { method, error });
      }
      return id === undefined ? undefined : failure(id, error, codeOf(error));
    }
  }

  private admit(method: keyof Methods, caller: Caller): void {
    if (method !== 'hello' && caller.client === undefined) {
      throw new ArgonError(
        'BAD_REQUEST',
        `Say \`hello\` before \`${method}\`: it is the first call of a connection.`
      );
    }
    if (caller.readOnly && WRITES.has(method)) {
      throw new ArgonError(
        'BRIDGE_VERSION',
        `This client can only read from the bridge ${this.context.version}: their versions do not fit together. ` +
          'Update the older of the two and connect again.',
        { data: { server: this.context.version, client: caller.client?.version ?? '' } }
      );
    }
  }
}

function isRequest(value: unknown): value is { id?: Id; method: string; params?: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const { jsonrpc, id, method } = value as Record<string, unknown>;
  const idOk = id === undefined || id === null || typeof id === 'string' || typeof id === 'number';
  return jsonrpc === '2.0' && typeof method === 'string' && idOk;
}

function codeOf(error: unknown): (typeof RPC_CODES)[keyof typeof RPC_CODES] {
  if (!(error instanceof ArgonError)) {
    return RPC_CODES.INTERNAL_ERROR;
  }
  switch (error.code) {
    case 'METHOD_NOT_FOUND':
      return RPC_CODES.METHOD_NOT_FOUND;
    case 'BAD_REQUEST':
      return RPC_CODES.INVALID_PARAMS;
    default:
      return RPC_CODES.ARGON;
  }
}

function failure(id: Id, error: unknown, code = codeOf(error)): Reply {
  return { jsonrpc: '2.0', id, error: toProtocolError(error, code) };
}

function tooLarge(bytes: number): ArgonError {
  return new ArgonError(
    'LIMIT_EXCEEDED',
    `The reply has ${bytes} bytes; at most ${MESSAGE_BYTES_MAX} fit into one message. Ask for a smaller page.`,
    { data: { limit: MESSAGE_BYTES_MAX, value: bytes } }
  );
}

function encode(reply: Reply): string {
  const text = JSON.stringify(reply);
  const bytes = Buffer.byteLength(text);
  return bytes > MESSAGE_BYTES_MAX ? JSON.stringify(failure(reply.id, tooLarge(bytes))) : text;
}
