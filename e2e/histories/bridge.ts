import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, type Program, type Served } from '../../kernel-bridge/src/cli/process.testing';

/** A bridge in a process of its own that is killed and started again on the same directory and port. */
export class MortalBridge {
  private constructor(
    private readonly program: Program,
    private readonly directory: string,
    private served: Served,
    readonly port: string
  ) {}

  static async start(): Promise<MortalBridge> {
    const program = await buildProgram();
    const directory = mkdtempSync(join(tmpdir(), 'argon-histories-'));
    const served = await program.serve(['--data', directory, '--port', '0', '--no-auth']);
    const { port } = new URL(served.ready.wire.replace('mongodb:', 'http:'));
    return new MortalBridge(program, directory, served, port);
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${this.port}/?directConnection=true`;
  }

  /** Ends the process without a word, and brings up the next one. */
  async kill(): Promise<void> {
    const { child, ended } = this.served;
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ signal: 'SIGKILL' });
    this.served = await this.program.serve(['--data', this.directory, '--port', this.port, '--no-auth']);
  }

  async stop(): Promise<void> {
    const { child } = this.served;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'close');
    }
    this.program.remove();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
