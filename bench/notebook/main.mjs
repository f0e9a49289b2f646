/** What the notebook's side costs: verbs, completion and MLflow's hooks, in a real kernel over ZMQ. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT, VENV_PYTHON } from '../../tools/setup/checkout.mjs';
import { row } from '../row.mjs';

const PROGRAM = join(import.meta.dirname, 'kernel_times.py');

const SIZES = {
  full: { branches: 10_000, calls: 200, imports: 7 },
  quick: { branches: 1_000, calls: 40, imports: 3 }
};

/**
 * @param {{ directory: string, quick: boolean, sizes: Readonly<Record<string, number>>, onRow: (row: import('../row.mjs').Row) => void }} run
 *   `sizes`: overrides of the sizes, such as `{branches: 1000}`
 * @returns {Promise<readonly import('../row.mjs').Row[]>}
 */
export async function run({ directory, quick, sizes, onRow }) {
  const options = { ...SIZES[quick ? 'quick' : 'full'], ...sizes };
  const child = spawn(VENV_PYTHON, [PROGRAM, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ARGON_DATA: join(directory, 'data'),
      ARGON_RUNTIME_DIR: join(directory, 'run'),
      PYTHONPATH: join(ROOT, 'kernel-bridge', 'python')
    }
  });
  const ended = once(child, 'close');
  const rows = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { name, value, unit, most, baseline } = JSON.parse(line);
    const made = row({
      suite: 'notebook',
      name,
      value,
      unit,
      ...(baseline === null ? {} : { baseline }),
      ...(most === null ? {} : { goal: { atMost: most } })
    });
    rows.push(made);
    onRow(made);
  }
  const [code] = await ended;
  if (code !== 0) {
    throw new Error(`${PROGRAM} ended with code ${code}`);
  }
  return rows;
}
