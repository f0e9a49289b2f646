import { type Compressor, COMPRESSORS } from './compressors';
import { ProtocolFault } from './errors';
import { MESSAGE_BYTES_MAX } from './limits';

/**
 * Messages as bytes: a header of four little-endian int32 (length, requestID, responseTo, opCode) and a body.
 * https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */
export const OP = {
  REPLY: 1,
  QUERY: 2004,
  COMPRESSED: 2012,
  MSG: 2013
} as const;

export const HEADER_BYTES = 16;

/** One message, its compression undone. */
export interface Frame {
  readonly requestId: number;
  readonly responseTo: number;
  readonly opCode: number;
  readonly body: Buffer;
  /** How the sender compressed it, if it did: the answer may be compressed the same way. */
  readonly compressor: Compressor | undefined;
}

/** Cuts a stream of bytes into messages. Keeps what it got, never allocates what a header merely claims. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private bytes = 0;
  private wanted = HEADER_BYTES;

  /** Bytes received and not handed out. */
  get pending(): number {
    return this.bytes;
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** The next whole message as it was sent. @throws ProtocolFault when its length is out of range */
  next(bytesMax = MESSAGE_BYTES_MAX): Frame | undefined {
    if (this.bytes < this.wanted) {
      return undefined;
    }
    const head = this.gather();
    const length = head.readInt32LE(0);
    if (length < HEADER_BYTES || length > bytesMax) {
      throw new ProtocolFault(`message length ${length} is not in ${HEADER_BYTES}–${bytesMax} bytes`);
    }
    if (head.length < length) {
      this.wanted = length;
      return undefined;
    }
    this.wanted = HEADER_BYTES;
    this.bytes -= length;
    this.chunks = this.bytes === 0 ? [] : [head.subarray(length)];
    return {
      requestId: head.readInt32LE(4),
      responseTo: head.readInt32LE(8),
      opCode: head.readInt32LE(12),
      body: head.subarray(HEADER_BYTES, length),
      compressor: undefined
    };
  }

  private gather(): Buffer {
    const [first] = this.chunks;
    if (first !== undefined && this.chunks.length === 1) {
      return first;
    }
    const whole = Buffer.concat(this.chunks, this.bytes);
    this.chunks = [whole];
    return whole;
  }
}

const COMPRESSOR_NOOP = 0;

/** Undoes OP_COMPRESSED. @throws ProtocolFault */
export async function decompress(frame: Frame, bytesMax = MESSAGE_BYTES_MAX): Promise<Frame> {
  if (frame.opCode !== OP.COMPRESSED) {
    return frame;
  }
  const { body } = frame;
  if (body.length < 9) {
    throw new ProtocolFault('a compressed message is too short');
  }
  const opCode = body.readInt32LE(0);
  const size = body.readInt32LE(4);
  const id = body[8];
  const packed = body.subarray(9);
  if (opCode === OP.COMPRESSED || size < 0 || size > bytesMax - HEADER_BYTES) {
    throw new ProtocolFault('a compressed message lies about its content');
  }
  if (id === COMPRESSOR_NOOP && packed.length === size) {
    return { ...frame, opCode, body: packed };
  }
  const compressor = COMPRESSORS.find(each => each.id === id);
  if (compressor === undefined) {
    throw new ProtocolFault(`compressor ${id} was not agreed on`);
  }
  let plain: Buffer;
  try {
    plain = await compressor.unpack(packed, size);
  } catch (cause) {
    throw new ProtocolFault(`a compressed message cannot be read: ${(cause as Error).message}`);
  }
  if (plain.length !== size) {
    throw new ProtocolFault('a compressed message lies about its size');
  }
  return { ...frame, opCode, body: plain, compressor };
}

/** Wraps a message in OP_COMPRESSED, unless it is too long for that. */
export async function compress(message: Buffer, compressor: Compressor): Promise<Buffer> {
  const body = message.subarray(HEADER_BYTES);
  if (body.length > compressor.bytesMax) {
    return message;
  }
  const packed = await compressor.pack(body);
  const out = Buffer.allocUnsafe(HEADER_BYTES + 9 + packed.length);
  message.copy(out, 0, 0, HEADER_BYTES);
  out.writeInt32LE(out.length, 0);
  out.writeInt32LE(OP.COMPRESSED, 12);
  out.writeInt32LE(message.readInt32LE(12), HEADER_BYTES);
  out.writeInt32LE(body.length, HEADER_BYTES + 4);
  out[HEADER_BYTES + 8] = compressor.id;
  packed.copy(out, HEADER_BYTES + 9);
  return out;
}
