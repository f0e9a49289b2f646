import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { packSnappy, unpackSnappy } from './snappy';

/** How the bodies of OP_COMPRESSED are packed. https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
export interface Compressor {
  readonly name: 'snappy' | 'zlib' | 'zstd';
  readonly id: number;
  /** Bodies above this size are answered as they are. */
  readonly bytesMax: number;
  readonly pack: (body: Buffer) => Buffer | Promise<Buffer>;
  /** At most `size` bytes; more is an error. @throws whatever the library throws */
  readonly unpack: (packed: Buffer, size: number) => Buffer | Promise<Buffer>;
}

/** Below this size the call to another thread costs more than the work. */
const SYNC_BYTES_MAX = 32 * 1024;
/** What snappy, which has no thread of its own, packs in about two milliseconds. */
const SNAPPY_BYTES_MAX = 256 * 1024;

type Pack = (body: Buffer) => Buffer;
type PackLater = (body: Buffer) => Promise<Buffer>;
type Unpack = (packed: Buffer, options: { maxOutputLength: number }) => Buffer;
type UnpackLater = (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

/** One of Node's own: small bodies here, large ones on another thread. A bomb stops at the size that was announced. */
function native(
  facts: Pick<Compressor, 'name' | 'id'>,
  {
    pack,
    packLater,
    unpack,
    unpackLater
  }: {
    readonly pack: Pack;
    readonly packLater: PackLater;
    readonly unpack: Unpack;
    readonly unpackLater: UnpackLater;
  }
): Compressor {
  return {
    ...facts,
    bytesMax: Infinity,
    pack: body => (body.length <= SYNC_BYTES_MAX ? pack(body) : packLater(body)),
    unpack: (packed, size) => {
      const options = { maxOutputLength: Math.max(size, 1) };
      return size <= SYNC_BYTES_MAX ? unpack(packed, options) : unpackLater(packed, options);
    }
  };
}

const SNAPPY: Compressor = {
  name: 'snappy',
  id: 1,
  bytesMax: SNAPPY_BYTES_MAX,
  pack: packSnappy,
  unpack: unpackSnappy
};

const ZLIB = native(
  { name: 'zlib', id: 2 },
  {
    pack: zlib.deflateSync,
    packLater: promisify<Buffer, Buffer>(zlib.deflate),
    unpack: zlib.inflateSync,
    unpackLater: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.inflate)
  }
);

/** What newer versions of Node have and the types of the oldest one do not. */
interface Zstd {
  readonly zstdCompressSync?: Pack;
  readonly zstdDecompressSync?: Unpack;
  readonly zstdCompress?: (body: Buffer, done: (error: Error | null, packed: Buffer) => void) => void;
  readonly zstdDecompress?: (
    packed: Buffer,
    options: { maxOutputLength: number },
    done: (error: Error | null, body: Buffer) => void
  ) => void;
}

function zstd(): Compressor[] {
  const { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } = zlib as Zstd;
  if (
    zstdCompress === undefined ||
    zstdCompressSync === undefined ||
    zstdDecompress === undefined ||
    zstdDecompressSync === undefined
  ) {
    return [];
  }
  return [
    native(
      { name: 'zstd', id: 3 },
      {
        pack: zstdCompressSync,
        packLater: promisify<Buffer, Buffer>(zstdCompress),
        unpack: zstdDecompressSync,
        unpackLater: promisify<Buffer, { maxOutputLength: number }, Buffer>(zstdDecompress)
      }
    )
  ];
}

/** Those that this version of Node can do. */
export const COMPRESSORS: readonly Compressor[] = [SNAPPY, ZLIB, ...zstd()];
