/** How cost grows: with history, depth, size of the data, number of branches and projects. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { row } from '../row.mjs';
import { drawChart } from './chart.mjs';
import { askAll } from './questions.mjs';

const SIZES = {
  full: {
    historyDocuments: 100,
    history: 1_000_000,
    depthDocuments: 100_000,
    depthChanges: 20_000,
    depth: 1_000,
    documents: 1_000_000,
    branches: 10_000,
    projects: 10_000,
    pointers: 40,
    reads: 20_000,
    rounds: 5
  },
  quick: {
    historyDocuments: 100,
    history: 10_000,
    depthDocuments: 10_000,
    depthChanges: 2_000,
    depth: 100,
    documents: 100_000,
    branches: 1_000,
    projects: 1_000,
    pointers: 20,
    reads: 5_000,
    rounds: 1
  }
};
const PICTURES = resolve(import.meta.dirname, '..', '..', 'docs', 'images');

/**
 * @param {{ directory: string, quick: boolean, sizes: Readonly<Record<string, number>>, docs: boolean, onRow: (row: import('../row.mjs').Row) => void }} run
 *   `docs`: draw each question into docs/images
 * @returns {Promise<readonly import('../row.mjs').Row[]>}
 */
export async function run({ directory, quick, sizes, docs, onRow }) {
  const options = { ...SIZES[quick ? 'quick' : 'full'], ...sizes };
  const tell = what => onRow({ name: what });
  const answers = await askAll({ directory, sizes: options, tell });
  if (docs) {
    mkdirSync(PICTURES, { recursive: true });
    for (const answer of answers) {
      writeFileSync(join(PICTURES, `growth-${answer.id}.svg`), drawChart(answer));
    }
  }
  return answers.flatMap(({ title, goal, lines }) =>
    lines.map(({ name, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      const times = (last.x / first.x).toLocaleString('en-US');
      return row({
        suite: 'growth',
        name: `${title}: ${name}, ${times} × as many`,
        value: last.y,
        unit: name.match(/\((\S+)\)$/)?.[1] ?? answers.find(each => each.title === title).y,
        baseline: first.y,
        goal: { atMost: goal, of: 'ratio' }
      });
    })
  );
}
