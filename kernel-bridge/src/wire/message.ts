import { checkDocument } from '@argon/wal-core';
import { ProtocolFault } from './errors';
import { HEADER_BYTES, OP, type Frame } from './frame';
import { COMMAND_BYTES_MAX, NESTING_MAX } from './limits';

/** A request, whichever message carried it. */
export interface Request {
  readonly requestId: number;
  readonly opCode: typeof OP.MSG | typeof OP.QUERY;
  /** Name of the command: its first field. */
  readonly name: string;
  /** Raw BSON of the command. */
  readonly command: Buffer;
  /** Document sequences beside it (`documents`, `updates`, `deletes`). */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  /** `test.$cmd` of OP_QUERY; OP_MSG names its database in `$db`. */
  readonly namespace?: string;
  /** The client takes several replies to one getMore, until the cursor is at its end. */
  readonly exhaust: boolean;
  /** The client does not read a reply. */
  readonly silent: boolean;
  readonly compressor: Frame['compressor'];
}

const FLAG = { CHECKSUM: 1, MORE_TO_COME: 2, EXHAUST_ALLOWED: 1 << 16 } as const;
/** Flags a receiver must understand; the high half may be ignored. */
const KNOWN_REQUIRED = FLAG.CHECKSUM | FLAG.MORE_TO_COME;
const CHECKSUM_BYTES = 4;
/** Bytes between the header and the document: flags and the kind of section; four fields of OP_REPLY. */
const MSG_BYTES = 5;
const REPLY_BYTES = 20;

/**
 * Reads an OP_MSG or OP_QUERY and validates every document in it, so that all code behind may trust the bytes.
 * @throws ProtocolFault (close the connection), DOCUMENT_INVALID (answer, and go on)
 */
export function readRequest(frame: Frame): Request {
  switch (frame.opCode) {
    case OP.MSG:
      return readMessage(frame);
    case OP.QUERY:
      return readQuery(frame);
    default:
      throw new ProtocolFault(`unknown opcode ${frame.opCode}`);
  }
}

function readMessage({ body, requestId, compressor }: Frame): Request {
  if (body.length < 4) {
    throw new ProtocolFault('OP_MSG without flags');
  }
  const flags = body.readUInt32LE(0);
  if ((flags & 0xffff & ~KNOWN_REQUIRED) !== 0) {
    throw new ProtocolFault(`OP_MSG with unknown required flags ${flags.toString(2)}`);
  }
  const end = body.length - (flags & FLAG.CHECKSUM ? CHECKSUM_BYTES : 0);
  const sequences = new Map<string, Buffer[]>();
  let command: Buffer | undefined;
  let at = 4;
  while (at < end) {
    const kind = body[at++];
    if (kind === 0) {
      if (command !== undefined) {
        throw new ProtocolFault('OP_MSG with two bodies');
      }
      command = documentAt(body, at, end);
      at += command.length;
    } else if (kind === 1) {
      const size = at + 4 <= end ? body.readInt32LE(at) : -1;
      if (size < 5 || at + size > end) {
        throw new ProtocolFault('OP_MSG with a sequence that runs over the end');
      }
      readSequence(body.subarray(at + 4, at + size), sequences);
      at += size;
    } else {
      throw new ProtocolFault(`OP_MSG with a section of unknown kind ${kind}`);
    }
  }
  if (command === undefined || at !== end) {
    throw new ProtocolFault('OP_MSG without a body');
  }
  checkDocument(command, { maxBytes: COMMAND_BYTES_MAX, maxDepth: NESTING_MAX });
  for (const documents of sequences.values()) {
    for (const document of documents) {
      checkDocument(document, { maxBytes: COMMAND_BYTES_MAX, maxDepth: NESTING_MAX });
    }
  }
  return {
    requestId,
    opCode: OP.MSG,
    name: nameOf(command),
    command,
    sequences,
    silent: (flags & FLAG.MORE_TO_COME) !== 0,
    exhaust: (flags & FLAG.EXHAUST_ALLOWED) !== 0,
    compressor
  };
}

function readSequence(section: Buffer, sequences: Map<string, Buffer[]>): void {
  const nul = section.indexOf(0);
  if (nul < 0) {
    throw new ProtocolFault('OP_MSG with a sequence without a name');
  }
  const name = section.toString('utf8', 0, nul);
  if (sequences.has(name)) {
    throw new ProtocolFault(`OP_MSG with two sequences ${name}`);
  }
  const documents: Buffer[] = [];
  for (let at = nul + 1; at < section.length;) {
    const document = documentAt(section, at, section.length);
    documents.push(document);
    at += document.length;
  }
  sequences.set(name, documents);
}

function readQuery({ body, requestId, compressor }: Frame): Request {
  const nul = body.indexOf(0, 4);
  if (nul < 0 || nul + 9 > body.length) {
    throw new ProtocolFault('OP_QUERY is cut off');
  }
  const namespace = body.toString('utf8', 4, nul);
  const command = documentAt(body, nul + 9, body.length);
  checkDocument(command, { maxBytes: COMMAND_BYTES_MAX, maxDepth: NESTING_MAX });
  return {
    requestId,
    opCode: OP.QUERY,
    name: nameOf(command),
    command,
    sequences: new Map(),
    namespace,
    silent: false,
    exhaust: false,
    compressor
  };
}

function nameOf(command: Buffer): string {
  return command.length === 5 ? '' : command.toString('utf8', 5, command.indexOf(0, 5));
}

function documentAt(buffer: Buffer, at: number, end: number): Buffer {
  const size = at + 4 <= end ? buffer.readInt32LE(at) : -1;
  if (size < 5 || at + size > end) {
    throw new ProtocolFault('a document runs over the end of its message');
  }
  return buffer.subarray(at, at + size);
}

let lastRequestId = 0;

/** Begins a message; answers what is `room` bytes longer than its header. */
function header(length: number, room: number, responseTo: number, opCode: number): Buffer {
  const out = Buffer.allocUnsafe(HEADER_BYTES + room);
  lastRequestId = (lastRequestId + 1) & 0x7fffffff;
  out.writeInt32LE(length, 0);
  out.writeInt32LE(lastRequestId, 4);
  out.writeInt32LE(responseTo, 8);
  out.writeInt32LE(opCode, 12);
  return out;
}

/** The place of a reply in a stream of replies to one request. */
export interface Stream {
  /** Each reply answers the one before it; absent for the first. */
  readonly previousId?: number | undefined;
  readonly moreToCome: boolean;
}

/** What goes before a reply of so many bytes to `request`, in the message kind it came in. */
export function replyHead(request: Request, bytes: number, stream?: Stream): Buffer {
  return request.opCode === OP.MSG
    ? messageHead(stream?.previousId ?? request.requestId, bytes, stream?.moreToCome ?? false)
    : opReplyHead(request.requestId, bytes);
}

function messageHead(responseTo: number, bytes: number, moreToCome: boolean): Buffer {
  const out = header(HEADER_BYTES + MSG_BYTES + bytes, MSG_BYTES, responseTo, OP.MSG);
  out.writeInt32LE(moreToCome ? FLAG.MORE_TO_COME : 0, HEADER_BYTES);
  out[HEADER_BYTES + 4] = 0;
  return out;
}

function opReplyHead(responseTo: number, bytes: number): Buffer {
  const out = header(HEADER_BYTES + REPLY_BYTES + bytes, REPLY_BYTES, responseTo, OP.REPLY);
  // Flags (8: the server can await data), cursor id, starting from, number returned.
  out.writeInt32LE(8, HEADER_BYTES);
  out.writeBigInt64LE(0n, HEADER_BYTES + 4);
  out.writeInt32LE(0, HEADER_BYTES + 12);
  out.writeInt32LE(1, HEADER_BYTES + 16);
  return out;
}
