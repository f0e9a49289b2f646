import { spawn, type ChildProcess } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { documentOf, field, type RawValue } from '../../bson';
import { string } from '../values';

/** A connection that sends and receives raw BSON, so that no driver can change a type on the way. */
export class RawClient {
  private chunks: Buffer[] = [];
  private size = 0;
  private readonly waiting: { resolve: (reply: Buffer) => void; reject: (error: Error) => void }[] = [];
  private requestId = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', chunk => this.receive(chunk));
    const fail = (error: Error): void => {
      for (const { reject } of this.waiting.splice(0)) reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('connection closed')));
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawClient(socket)));
    });
  }

  /** Sends one command; its first field names it. */
  command(db: string, fields: Readonly<Record<string, RawValue>>): Promise<Buffer> {
    const parts = Object.entries({ ...fields, $db: string(db) }).map(([name, value]) => ({ ...value, name }));
    const body = documentOf(parts);
    const head = Buffer.alloc(21);
    head.writeInt32LE(head.length + body.length, 0);
    head.writeInt32LE(++this.requestId, 4);
    head.writeInt32LE(2013, 12);
    this.socket.write(Buffer.concat([head, body]));
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    while (this.size >= 4) {
      let all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
      const length = all.readInt32LE(0);
      this.chunks = [all];
      if (all.length < length) return;
      this.waiting.shift()!.resolve(all.subarray(21, length));
      all = all.subarray(length);
      this.chunks = [all];
      this.size = all.length;
    }
  }
}

/** Error code of a reply, if it is one; also of the first write error in it. */
export function errorOf(reply: Buffer): { code: number; message: string } | undefined {
  const code = field(reply, 'code');
  const message = field(reply, 'errmsg');
  if (code !== undefined && message !== undefined) {
    return {
      code: code.bytes.readInt32LE(0),
      message: message.bytes.toString('utf8', 4, message.bytes.length - 1)
    };
  }
  const list = field(reply, 'writeErrors');
  const first = list && field(list.bytes, '0');
  return first && errorOf(first.bytes);
}

/** A real mongod, started for one test suite. It ends when this process does. */
export async function startOracle(): Promise<{ client: RawClient; stop(): Promise<void> }> {
  const tool = path.join(__dirname, '../../../../tools/mongod.mjs');
  const child: ChildProcess = spawn(process.execPath, [tool, '--serve'], {
    stdio: ['pipe', 'pipe', 'inherit']
  });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).once('line', resolve);
    void ended.then(() => reject(new Error('mongod did not start')));
  });
  const { port } = JSON.parse(line) as { port: number };
  const client = await RawClient.connect(port);
  return {
    client,
    stop: async () => {
      client.close();
      child.stdin!.end();
      await ended;
    }
  };
}
