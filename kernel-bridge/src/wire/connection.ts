import type { Socket } from 'node:net';
import { T, field, isArgonError } from '@argon/wal-core';
import { awaitedMs } from './await-hello';
import type { Compressor } from './compressors';
import type { ConnectionState, Services } from './context';
import type { Dispatcher } from './dispatch';
import { ProtocolFault, toMongoError } from './errors';
import { FrameReader, compress, decompress, type Frame } from './frame';
import {
  MESSAGE_BYTES_MAX,
  STRANGER_MESSAGE_BYTES_MAX,
  UNANSWERED_BYTES_MAX,
  UNSENT_BYTES_MAX
} from './limits';
import { readRequest, replyHead, type Request } from './message';
import { interrupted } from './operation';
import { errorReply } from './reply';
import type { SignIn } from './sign-in';

/** Commands that are never answered compressed, as the specification asks. */
const PLAIN_COMMANDS: ReadonlySet<string> = new Set([
  'hello',
  'isMaster',
  'ismaster',
  'saslStart',
  'saslContinue',
  'getnonce',
  'authenticate',
  'createUser',
  'updateUser'
]);

/** Up to so many bytes, to copy the parts of a message together is cheaper than to send them apart. */
const JOINED_BYTES_MAX = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);

/**
 * One client. Its requests are answered one after the other, in order. A client that sends faster than it is
 * answered, or does not read its answers, is not read from until it catches up.
 */
export class Connection {
  readonly state: ConnectionState;
  private readonly reader = new FrameReader();
  private readonly gone: () => void;
  private serving: Promise<void> | undefined;
  private ending = false;

  constructor(
    private readonly socket: Socket,
    id: number,
    addresses: { readonly local: string; readonly remote: string },
    signIn: SignIn,
    private readonly services: Services,
    private readonly dispatcher: Dispatcher,
    private readonly onClosed: (connection: Connection) => void
  ) {
    let gone: () => void = () => undefined;
    const closed = new Promise<void>(resolve => {
      gone = resolve;
    });
    this.gone = gone;
    this.state = {
      id,
      localAddress: addresses.local,
      remoteAddress: addresses.remote,
      signIn,
      appName: undefined,
      metadata: undefined,
      compression: false,
      closed,
      isClosed: false
    };
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', chunk => this.receive(chunk));
    socket.on('error', error => this.services.logger.debug('a connection broke', { connection: id, error }));
    socket.on('close', () => this.close());
  }

  /** Answers what is being answered, then closes. */
  async end(): Promise<void> {
    this.ending = true;
    this.gone();
    await this.serving;
    this.socket.destroy();
  }

  /** Closes at once. */
  destroy(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.services.statistics.bytesIn += chunk.length;
    this.reader.push(chunk);
    if (this.serving !== undefined && this.reader.pending > UNANSWERED_BYTES_MAX) {
      this.socket.pause();
    }
    this.serving ??= this.serve().finally(() => {
      this.serving = undefined;
    });
  }

  /** Answers whole messages until none is left. */
  private async serve(): Promise<void> {
    try {
      for (;;) {
        const bytesMax = this.state.signIn.isMissing ? STRANGER_MESSAGE_BYTES_MAX : MESSAGE_BYTES_MAX;
        const frame = this.ending || this.state.isClosed ? undefined : this.reader.next(bytesMax);
        if (frame === undefined) {
          this.socket.resume();
          return;
        }
        await this.answer(await decompress(frame, bytesMax));
      }
    } catch (error) {
      if (error instanceof ProtocolFault) {
        this.services.logger.debug('a client broke the protocol', {
          connection: this.state.id,
          fault: error.message
        });
      } else {
        this.services.logger.error('a connection failed', { connection: this.state.id, error });
      }
      this.socket.destroy();
    }
  }

  private async answer(frame: Frame): Promise<void> {
    this.services.statistics.requests++;
    let request: Request;
    try {
      request = readRequest(frame);
    } catch (error) {
      if (!isArgonError(error)) {
        throw error;
      }
      // The frame is sound, a document in it is not: the connection can go on.
      const reply = errorReply(toMongoError(error));
      await this.send(replyHead(bare(frame), reply.length), reply);
      return;
    }
    const goesOn = request.exhaust ? streamOf(request, this.services) : undefined;
    for (let previousId: number | undefined; ;) {
      const reply = await this.dispatcher.execute(request, this.state);
      if (request.silent) {
        return;
      }
      const moreToCome = !this.ending && !this.state.isClosed && goesOn?.(reply) === true;
      const head = replyHead(request, reply.length, { previousId, moreToCome });
      const compressor = this.compressorOf(request);
      if (compressor === undefined) {
        await this.send(head, reply);
      } else {
        await this.send(await compress(Buffer.concat([head, reply]), compressor));
      }
      if (!moreToCome) {
        return;
      }
      previousId = head.readInt32LE(4);
    }
  }

  /** Answers are compressed like their requests, when the client has said that it can read that. */
  private compressorOf({ compressor, name }: Request): Compressor | undefined {
    return this.state.compression && !PLAIN_COMMANDS.has(name) ? compressor : undefined;
  }

  /** Sends a message whose parts lie apart; a long one is not copied together. */
  private async send(head: Buffer, body: Buffer = NO_BYTES): Promise<void> {
    if (this.state.isClosed) {
      return;
    }
    const bytes = head.length + body.length;
    this.services.statistics.bytesOut += bytes;
    if (bytes <= JOINED_BYTES_MAX || body.length === 0) {
      this.socket.write(body.length === 0 ? head : Buffer.concat([head, body], bytes));
    } else {
      this.socket.cork();
      this.socket.write(head);
      this.socket.write(body);
      this.socket.uncork();
    }
    if (this.socket.writableLength > UNSENT_BYTES_MAX) {
      await this.drained();
    }
  }

  private drained(): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        this.socket.off('drain', done);
        this.socket.off('close', done);
        resolve();
      };
      this.socket.on('drain', done);
      this.socket.on('close', done);
    });
  }

  private close(): void {
    if (this.state.isClosed) {
      return;
    }
    this.state.isClosed = true;
    this.gone();
    for (const operation of this.services.operations.all()) {
      // A write that began is finished; a read nobody waits for is not.
      if (operation.sender.id === this.state.id) {
        operation.stop(interrupted());
      }
    }
    this.onClosed(this);
  }
}

/** Whether another reply follows one, for a request that may have several; undefined for all others. */
function streamOf(
  { name, command }: Request,
  { processId }: Services
): ((reply: Buffer) => boolean) | undefined {
  switch (name) {
    case 'getMore':
      return hasOpenCursor;
    case 'hello':
    case 'isMaster':
    case 'ismaster':
      // Each reply is held back as long as the monitor asks; one that would not be waits for the next request.
      return awaitedMs(command, processId) === undefined ? undefined : isOk;
    default:
      return undefined;
  }
}

function isOk(reply: Buffer): boolean {
  const ok = field(reply, 'ok');
  return ok?.type === T.DOUBLE && ok.bytes.readDoubleLE(0) === 1;
}

/** Whether a reply holds a cursor that is not at its end. */
function hasOpenCursor(reply: Buffer): boolean {
  const cursor = field(reply, 'cursor');
  const id = cursor?.type === T.OBJECT ? field(cursor.bytes, 'id') : undefined;
  return id?.type === T.INT64 && id.bytes.readBigInt64LE(0) !== 0n;
}

/** Enough of a request to address an answer to it. */
function bare(frame: Frame): Request {
  return {
    requestId: frame.requestId,
    opCode: 2013,
    name: '',
    command: Buffer.alloc(0),
    sequences: new Map(),
    silent: false,
    exhaust: false,
    compressor: frame.compressor
  };
}
