import { expect, test } from '@jupyterlab/galata';
import type { Run } from '../../extension/client/protocol';
import { Penguins } from '../../extension/testing/penguins';
import { PenguinsLineage } from './penguinsLineage';
import { shootThemes } from './themes';

const HOSTILE = '<img src=x onerror="window.__hurt=1"><script>window.__hurt=1</script>';

test.use({ autoGoto: false, viewport: { width: 1440, height: 1200 } });

interface IOutput {
  readonly kind: string;
  readonly data: unknown;
  readonly text: string;
  readonly metadata?: Record<string, unknown>;
}

/** A notebook that was run elsewhere. */
function saved(outputs: readonly IOutput[]): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    cells: outputs.map(({ kind, data, text, metadata = {} }, n) => ({
      cell_type: 'code',
      id: `cell${n}`,
      metadata: {},
      source: `%argon ${kind}`,
      execution_count: n + 1,
      outputs: [
        {
          output_type: 'execute_result',
          execution_count: n + 1,
          metadata,
          data: {
            'text/plain': text,
            'text/html': `<p>${kind} as HTML</p>`,
            [`application/vnd.argon.${kind}+json`]: data
          }
        }
      ]
    }))
  };
}

test('a saved notebook shows branches, diffs, graphs and lineage with no bridge', async ({
  page,
  tmpPath
}) => {
  const story = Penguins.story(Date.now());
  const lineage = new PenguinsLineage();
  const graph = lineage.graph({ project: 'penguins' });
  const runs: Run[] = graph.runs.map(({ run }) => ({ ...run, facts: { ...run.facts } }));
  runs[1] = { ...runs[1]!, facts: { ...runs[1]!.facts, name: HOSTILE } };
  const page_ = { timelines: story.timelines, horizon: 0, head: 1892 };
  const diff = {
    ...lineage.diff('run:relabel', 'run:rf'),
    count: 12,
    documents: [
      {
        collection: 'penguins',
        id: HOSTILE,
        op: 'update',
        fields: [
          {
            path: [HOSTILE],
            before: { type: 'null', value: null },
            after: { type: 'string', value: HOSTILE }
          }
        ]
      }
    ]
  };
  const many = Array.from({ length: 3_000 }, (_, n) => ({ ...runs[0]!, id: `r${n}` }));
  const outputs: IOutput[] = [
    {
      kind: 'branches',
      data: {
        branches: story.branches,
        total: story.branches.length,
        pins: story.pins,
        current: 'clean-nulls'
      },
      text: 'branches as text'
    },
    { kind: 'diff', data: diff, text: 'diff as text' },
    {
      kind: 'graph',
      data: { ...page_, entries: story.entries, branches: story.branches },
      text: 'graph as text'
    },
    { kind: 'runs', data: runs, text: 'runs as text' },
    { kind: 'lineage', data: graph, text: 'lineage as text' },
    { kind: 'runs', data: many, text: 'many runs as text' },
    { kind: 'diff', data: { shape: 'of next year' }, text: 'another shape as text' },
    {
      kind: 'diff',
      data: diff,
      text: 'version 2 as text',
      metadata: { 'application/vnd.argon.diff+json': { version: 2 } }
    },
    { kind: 'health', data: {}, text: 'health as text' }
  ];
  await page.route('**/argon/**', route => route.abort());
  await page.goto();
  await page.contents.uploadContent(JSON.stringify(saved(outputs)), 'text', `${tmpPath}/saved.ipynb`);
  await page.evaluate(async path => {
    await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
  }, `${tmpPath}/saved.ipynb`);
  await page.notebook.activate('saved.ipynb');
  const cell = (n: number) => page.locator('.jp-Notebook .jp-Cell').nth(n).locator('.jp-OutputArea');
  await expect(cell(0)).toContainText('clean-nulls');
  await expect(cell(1)).toContainText('12 documents differ');
  await cell(1).locator('summary').first().click();
  await expect(cell(1)).toContainText('<img src=x');
  await expect(cell(2).locator('svg.jp-ArgonGraph-drawing').first()).toBeVisible();
  await expect(cell(2)).toContainText('Show more');
  await cell(3).locator('summary').click();
  await expect(cell(3).locator('.jp-ArgonOutput-drawing svg')).toBeVisible();
  await expect(cell(3)).toContainText('<img src=x');
  await cell(4).locator('summary').click();
  await expect(cell(4).locator('.jp-ArgonOutput-drawing')).toContainText('penguin-species');
  await expect(cell(5).locator('tbody tr')).toHaveCount(12);
  await cell(5).getByRole('button', { name: 'Show more (2,988 left)' }).click();
  await expect(cell(5).locator('tbody tr')).toHaveCount(112);
  // A shape or a version that is not known is the text that came with it; a kind that is not drawn is its HTML.
  await expect(cell(6).locator('pre')).toHaveText('another shape as text');
  await expect(cell(7).locator('pre')).toHaveText('version 2 as text');
  await expect(cell(8)).toContainText('health as HTML');
  expect(await page.evaluate(() => '__hurt' in window)).toBe(false);
  await cell(0).scrollIntoViewIfNeeded();
  await shootThemes(page, 'outputs');
});
