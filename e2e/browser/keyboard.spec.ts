import { expect, test } from '@jupyterlab/galata';
import { command, openPanel } from './opened';
import { PenguinsMerge } from './penguinsViews';

test.use({ autoGoto: false });

test('the panel takes the keyboard when it is shown, and every pop-up gives it back', async ({ page }) => {
  await openPanel(page);
  const graph = page.getByRole('treegrid');
  const active = page.locator('.jp-ArgonGraph-row.jp-mod-active');
  await expect(page.locator('#argon-panel')).toBeFocused();

  await page.keyboard.press('ArrowDown');
  await expect(graph).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(active).toContainText('clean-nulls');
  const outline = await active.evaluate(row => getComputedStyle(row).outlineStyle);
  expect(outline, 'the focused row can be seen').toBe('solid');
  await page.keyboard.press('Enter');
  await expect(page.locator('.jp-ArgonDetails')).toContainText('2 deletes, 1 insert');

  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toBeHidden();
  await expect(graph).toBeFocused();

  await page.keyboard.press('Shift+F10');
  await page.getByRole('menuitem', { name: /^Delete/ }).hover();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alertdialog')).toContainText('Delete clean-nulls?');
  await expect(page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('alertdialog')).toBeHidden();
  await expect(graph).toBeFocused();

  // A button that went away with the details leads to the graph too.
  await page.getByRole('button', { name: 'Delete…' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alertdialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(graph).toBeFocused();
});

test('the keys of a view work as soon as it is open, and when its tab is chosen again', async ({ page }) => {
  const merge = new PenguinsMerge();
  await openPanel(page, { answers: merge.answers });
  await command(page, 'argon:diff', { from: 'main', to: 'clean-nulls' });
  const shown = page.getByRole('tree').getByRole('treeitem', { selected: true });
  await expect(shown).toContainText('A004');
  const before = (await shown.textContent()) ?? '';
  await page.keyboard.press('j');
  await expect(shown).not.toHaveText(before);

  await command(page, 'argon:merge', { source: 'clean-nulls', into: 'main' });
  await expect(page.getByText('0 of 7 answered')).toBeVisible();
  await page.keyboard.press('2');
  await expect(page.getByText('1 of 7 answered')).toBeVisible();
  await page.locator('.lm-TabBar-tab', { hasText: 'Diff' }).click();
  await page.locator('.lm-TabBar-tab', { hasText: 'Merge' }).click();
  await page.keyboard.press('1');
  await expect(page.getByText('2 of 7 answered')).toBeVisible();
});

test('the log of the bridge opens where its newest line is', async ({ page }) => {
  const log = Array.from({ length: 300 }, (_, line) => `line ${line + 1}`);
  await openPanel(page, { info: { state: 'running', message: 'The bridge runs.', log } });
  await command(page, 'argon:show-log');
  const text = page.getByRole('region', { name: 'Log of the bridge' }).locator('pre');
  await expect(text).toContainText('line 300');
  const below = await text.evaluate(pre => pre.scrollHeight - pre.clientHeight - pre.scrollTop);
  expect(below).toBeLessThan(2);
  expect(await text.evaluate(pre => pre.scrollTop)).toBeGreaterThan(0);
});
