import fc from 'fast-check';
import { deserialize, serialize } from 'bson';
import { COMPRESSORS } from './compressors';
import { ProtocolFault } from './errors';
import { FrameReader, HEADER_BYTES, OP, compress, decompress, type Frame } from './frame';
import { MESSAGE_BYTES_MAX } from './limits';
import { readRequest, replyHead } from './message';

function message(opCode: number, body: Buffer, requestId = 7): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + body.length, 0);
  header.writeInt32LE(requestId, 4);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, body]);
}

function frame(opCode: number, body: Buffer): Frame {
  return { requestId: 7, responseTo: 0, opCode, body, compressor: undefined };
}

const section = (document: object): Buffer => Buffer.concat([Buffer.from([0]), serialize(document)]);

function sequence(name: string, documents: readonly object[]): Buffer {
  const body = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map(document => serialize(document))]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(body.length + 4);
  return Buffer.concat([Buffer.from([1]), size, body]);
}

const flags = (bits: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(bits);
  return out;
};

describe('a stream of messages', () => {
  it('is cut at the right places however it arrives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (bodies, sizes) => {
          const stream = Buffer.concat(bodies.map((body, id) => message(OP.MSG, Buffer.from(body), id)));
          const reader = new FrameReader();
          const seen: Frame[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length]!;
            reader.push(stream.subarray(at, at + size));
            at += size;
            for (let next = reader.next(); next !== undefined; next = reader.next()) {
              seen.push(next);
            }
          }
          expect(seen.map(({ requestId, body }) => [requestId, [...body]])).toEqual(
            bodies.map((body, id) => [id, [...body]])
          );
          expect(reader.pending).toBe(0);
        }
      )
    );
  });

  it.each([-1, 0, 15, MESSAGE_BYTES_MAX + 1, 0x7fffffff])('breaks at a length of %d', length => {
    const reader = new FrameReader();
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeInt32LE(length, 0);
    reader.push(header);
    expect(() => reader.next()).toThrow(ProtocolFault);
  });
});

describe('OP_MSG', () => {
  const command = { insert: 'c', $db: 'd' };

  it('takes its body and its sequences in any order', () => {
    const documents = [{ _id: 1 }, { _id: 2 }];
    const request = readRequest(
      frame(
        OP.MSG,
        Buffer.concat([flags(0), sequence('documents', documents), section(command), sequence('more', [])])
      )
    );
    expect(deserialize(request.command)).toEqual(command);
    expect(request.name).toBe('insert');
    expect(request.sequences.get('documents')?.map(document => deserialize(document))).toEqual(documents);
    expect(request.sequences.get('more')).toEqual([]);
    expect(request.silent).toBe(false);
  });

  it('may carry a checksum, and may want no reply', () => {
    const request = readRequest(
      frame(OP.MSG, Buffer.concat([flags(3), section(command), Buffer.alloc(4, 9)]))
    );
    expect(request.silent).toBe(true);
    expect(deserialize(request.command)).toEqual(command);
  });

  it.each([
    ['no flags', Buffer.alloc(2)],
    ['no body', flags(0)],
    ['only a sequence', Buffer.concat([flags(0), sequence('documents', [])])],
    ['two bodies', Buffer.concat([flags(0), section(command), section(command)])],
    [
      'two sequences of one name',
      Buffer.concat([flags(0), section(command), sequence('a', []), sequence('a', [])])
    ],
    ['an unknown required flag', Buffer.concat([flags(4), section(command)])],
    ['a section of unknown kind', Buffer.concat([flags(0), section(command), Buffer.from([2])])],
    ['a body that runs over the end', Buffer.concat([flags(0), section(command).subarray(0, -3)])],
    [
      'a sequence without a name',
      Buffer.concat([flags(0), section(command), Buffer.from([1, 6, 0, 0, 0, 65, 66])])
    ]
  ])('with %s closes the connection', (_what, body) => {
    expect(() => readRequest(frame(OP.MSG, body))).toThrow(ProtocolFault);
  });

  it('with a document that is not valid BSON is answered with an error', () => {
    const body = Buffer.concat([flags(0), section({ a: true })]);
    body[body.length - 2] = 7;
    expect(() => readRequest(frame(OP.MSG, body))).toThrow(
      expect.objectContaining({ code: 'DOCUMENT_INVALID' })
    );
  });

  it('never lets arbitrary bytes do anything but be read or refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(OP.MSG, OP.QUERY, 2010),
        (bytes, opCode) => {
          try {
            readRequest(frame(opCode, Buffer.from(bytes)));
          } catch (error) {
            expect(
              error instanceof ProtocolFault || (error as { code?: string }).code === 'DOCUMENT_INVALID'
            ).toBe(true);
          }
        }
      ),
      { numRuns: 3000 }
    );
  });
});

describe('OP_COMPRESSED', () => {
  const zlib = COMPRESSORS.find(({ name }) => name === 'zlib')!;

  it.each(COMPRESSORS.map(each => [each.name, each] as const))(
    'gives back what %s compressed',
    async (_name, compressor) => {
      for (const size of [0, 5, 1000, 100_000]) {
        const plain = message(OP.MSG, Buffer.alloc(size, 'argon'));
        const reader = new FrameReader();
        reader.push(await compress(plain, compressor));
        const packed = reader.next()!;
        expect(packed.opCode).toBe(OP.COMPRESSED);
        expect(packed.body[8]).toBe(compressor.id);
        const restored = await decompress(packed);
        expect(restored).toMatchObject({ opCode: OP.MSG, compressor, requestId: 7 });
        expect(restored.body.equals(plain.subarray(HEADER_BYTES))).toBe(true);
      }
    }
  );

  it('leaves alone what would take too long', async () => {
    const snappy = COMPRESSORS.find(({ name }) => name === 'snappy')!;
    const long = message(OP.MSG, Buffer.alloc(snappy.bytesMax + 1));
    expect(await compress(long, snappy)).toBe(long);
  });

  const lies = [
    ['a size too small', (body: Buffer) => body.writeInt32LE(10, 4)],
    ['a size too large', (body: Buffer) => body.writeInt32LE(5000, 4)],
    ['an impossible size', (body: Buffer) => body.writeInt32LE(-1, 4)],
    ['compression inside compression', (body: Buffer) => body.writeInt32LE(OP.COMPRESSED, 0)],
    ['an unknown compressor', (body: Buffer) => body.writeUInt8(9, 8)],
    ['broken data', (body: Buffer) => body.fill(0xee, 9)]
  ] as const;
  it.each(COMPRESSORS.flatMap(each => lies.map(([what, spoil]) => [each.name, what, each, spoil] as const)))(
    'by %s with %s closes the connection',
    async (_name, _what, compressor, spoil) => {
      const packed = await compress(message(OP.MSG, Buffer.alloc(1000, 'x')), compressor);
      const body = packed.subarray(HEADER_BYTES);
      spoil(body);
      await expect(decompress(frame(OP.COMPRESSED, body))).rejects.toThrow(ProtocolFault);
    }
  );

  it('of any bytes ends in an error or in as many bytes as were announced', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...COMPRESSORS),
        fc.nat(4096),
        fc.uint8Array({ maxLength: 300 }),
        async (compressor, size, bytes) => {
          const body = Buffer.concat([Buffer.alloc(9), Buffer.from(bytes)]);
          body.writeInt32LE(OP.MSG, 0);
          body.writeInt32LE(size, 4);
          body.writeUInt8(compressor.id, 8);
          const result = await decompress(frame(OP.COMPRESSED, body)).catch((error: unknown) => error);
          if (!(result instanceof ProtocolFault)) {
            expect((result as Frame).body.length).toBe(size);
          }
        }
      ),
      { numRuns: 5000 }
    );
  });

  it('of a literal whose length lies ends in an error, not in a loop', async () => {
    // Four bytes of length: the library alone takes this for −1 and never ends.
    const packed = Buffer.from([5, 0xfc, 0xfe, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5]);
    const body = Buffer.concat([Buffer.alloc(9), packed]);
    body.writeInt32LE(OP.MSG, 0);
    body.writeInt32LE(5, 4);
    body.writeUInt8(1, 8);
    await expect(decompress(frame(OP.COMPRESSED, body))).rejects.toThrow(ProtocolFault);
  });

  it('stops a bomb at the size that was announced', async () => {
    const packed = (await compress(message(OP.MSG, Buffer.alloc(10_000_000)), zlib)).subarray(HEADER_BYTES);
    packed.writeInt32LE(1000, 4);
    await expect(decompress(frame(OP.COMPRESSED, packed))).rejects.toThrow(ProtocolFault);
  });
});

describe('OP_QUERY', () => {
  it('opens a connection and is answered by OP_REPLY', () => {
    const query = Buffer.concat([
      flags(0),
      Buffer.from('admin.$cmd\0'),
      Buffer.alloc(4),
      Buffer.from([255, 255, 255, 255]),
      serialize({ ismaster: 1 })
    ]);
    const request = readRequest(frame(OP.QUERY, query));
    expect(request).toMatchObject({ opCode: OP.QUERY, namespace: 'admin.$cmd', name: 'ismaster' });
    const body = Buffer.from(serialize({ ok: 1 }));
    const reply = Buffer.concat([replyHead(request, body.length), body]);
    expect(reply.readInt32LE(0)).toBe(reply.length);
    expect(reply.readInt32LE(8)).toBe(7);
    expect(reply.readInt32LE(12)).toBe(OP.REPLY);
    expect(reply.readInt32LE(32)).toBe(1);
    expect(deserialize(reply.subarray(36))).toEqual({ ok: 1 });
  });
});
