import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { seriousProblems, tabStops } from './accessibility';
import { PenguinsLineage } from './penguinsLineage';
import { PenguinsMerge } from './penguinsViews';
import { ScriptedBridge, type IScript } from './scriptedBridge';

test.use({ autoGoto: false });
test.setTimeout(150_000);

async function open(page: IJupyterLabPageFixture, script: IScript = {}): Promise<void> {
  await new ScriptedBridge(page, script).install();
  await page.goto();
  await command(page, 'argon:show-panel');
  await expect(page.getByRole('treegrid')).toBeVisible();
}

async function command(
  page: IJupyterLabPageFixture,
  id: string,
  args: Record<string, string> = {}
): Promise<void> {
  await page.evaluate(
    async ([name, given]) => {
      await window.jupyterapp.commands.execute(name, given);
    },
    [id, args] as const
  );
}

test('nothing is serious in the panel, the diff and the merge in three themes', async ({ page }) => {
  const merge = new PenguinsMerge();
  await open(page, { answers: merge.answers });
  await page.locator('.jp-ArgonGraph-row').nth(2).click();
  await expect(page.locator('.jp-ArgonDetails')).toContainText('2 deletes, 1 insert');
  expect(await seriousProblems(page, '#argon-panel', 'axe-panel')).toEqual([]);
  // Header, filter, title of the history, graph, title and body of the details, slider.
  expect(await tabStops(page, '#argon-panel')).toHaveLength(7);
  const details = page.locator('.jp-ArgonDetails-body');
  await details.getByRole('button', { name: 'Branch here' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(details.getByRole('button', { name: 'Pin…' })).toBeFocused();
  expect(await tabStops(page, '.jp-ArgonDetails-body')).toEqual(['button Pin…']);

  await command(page, 'argon:diff', { from: 'main', to: 'clean-nulls' });
  await expect(page.getByText('imputed.neighbours[0]')).toBeVisible();
  expect(await seriousProblems(page, '.jp-ArgonView', 'axe-diff')).toEqual([]);
  // Bar, filter, tree, the document's tools, its history.
  expect(await tabStops(page, '.jp-ArgonView')).toHaveLength(5);

  await page.getByRole('button', { name: 'Merge into main…' }).click();
  await expect(page.getByText('Apply needs 7 more answers.')).toBeVisible();
  await page.getByRole('radio', { name: 'ours: "male"' }).click();
  expect(await seriousProblems(page, '.jp-ArgonViewWidget:not(.lm-mod-hidden)', 'axe-merge')).toEqual([]);
  // Bar, which conflicts, tree, the document's tools, its questions, copying the result, the result.
  expect(await tabStops(page, '.jp-ArgonView')).toHaveLength(7);
});

test('nothing is serious in the lineage in three themes', async ({ page }) => {
  const story = new PenguinsLineage();
  await open(page, {
    answers: {
      'lineage.graph': params => story.graph(params),
      diff: ({ from, to }) => story.diff(from, to)
    }
  });
  await command(page, 'argon:lineage', { run: 'rf' });
  await expect(page.locator('.jp-ArgonLineage-side')).toContainText('differs by 14 documents');
  expect(await seriousProblems(page, '.jp-ArgonLineage', 'axe-lineage')).toEqual([]);
  // Search, branch, bar, drawing, the run to compare with, the facts.
  expect(await tabStops(page, '.jp-ArgonLineage')).toHaveLength(6);
});
