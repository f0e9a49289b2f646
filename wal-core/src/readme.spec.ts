import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as engine from './index';
import { temporaryDirectory } from './laws/world';

/** The fenced blocks of a language, in order, each with the language of the fence. */
function blocks(text: string): { language: string; body: string }[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(match => ({
    language: match[1]!,
    body: match[2]!
  }));
}

type Program = (
  load: (name: string) => unknown,
  console: { log(...words: unknown[]): void }
) => Promise<void>;

describe('the README', () => {
  it('prints what it says', async () => {
    const found = blocks(readFileSync(join(__dirname, '..', 'README.md'), 'utf8'));
    const code = found.filter(block => block.language === 'js').map(block => block.body);
    const promised = found.filter(block => block.language === 'text').map(block => block.body);
    expect(code.length).toBeGreaterThan(3);

    const printed: string[] = [];
    const load = createRequire(__filename);
    const directory = temporaryDirectory();
    const replaced: Readonly<Record<string, unknown>> = {
      '@argon/wal-core': engine,
      'node:os': { tmpdir: () => directory }
    };
    const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Program;
    const program = new AsyncFunction('require', 'console', code.join('\n'));
    await program(name => replaced[name] ?? load(name), {
      log: (...words) => printed.push(`${words.join(' ')}\n`)
    });

    expect(printed.join('')).toBe(promised.join(''));
    rmSync(directory, { recursive: true, force: true });
  });
});
