import { expect, test } from '@jupyterlab/galata';
import { seriousProblems, tabStops } from './accessibility';
import { command, openPanel } from './opened';
import { PenguinsLineage } from './penguinsLineage';
import { PenguinsMerge } from './penguinsViews';

test.use({ autoGoto: false });
test.setTimeout(150_000);

test('nothing is serious in the panel, the diff and the merge in three themes', async ({ page }) => {
  const merge = new PenguinsMerge();
  await openPanel(page, { answers: merge.answers });
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
  await page.getByRole('treeitem', { name: /G027/ }).click();
  await expect(page.getByText('imputed.neighbours[0]')).toBeVisible();
  await expect(page.getByText('On main not changed.')).toBeVisible();
  expect(await seriousProblems(page, '.jp-ArgonView', 'axe-diff')).toEqual([]);
  // Bar, which documents, filter, tree, the document's tools, who changed it, its history.
  expect(await tabStops(page, '.jp-ArgonView')).toHaveLength(7);

  await page.getByRole('button', { name: 'Merge into main…' }).click();
  await expect(page.getByText('Apply needs 7 more answers.')).toBeVisible();
  await page.getByRole('radio', { name: 'ours: "male"' }).click();
  expect(await seriousProblems(page, '.jp-ArgonViewWidget:not(.lm-mod-hidden)', 'axe-merge')).toEqual([]);
  // Bar, which conflicts, tree, the document's tools, who changed it, its questions, copying the result, the result.
  expect(await tabStops(page, '.jp-ArgonView')).toHaveLength(8);
});

test('nothing is serious in the lineage in three themes', async ({ page }) => {
  const story = new PenguinsLineage();
  await openPanel(page, {
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
