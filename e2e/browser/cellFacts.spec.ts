import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { seriousProblems, tabStops } from './accessibility';

/** A name that would be trouble as markup. */
const HOSTILE = '<img src=x onerror=alert(1)>';

test.use({ autoGoto: false });
test.setTimeout(240_000);

/** Adds a cell with a source, and runs it in the real kernel to its end. */
async function run(page: IJupyterLabPageFixture, source: string): Promise<number> {
  expect(await page.notebook.addCell('code', source)).toBe(true);
  const last = ((await page.notebook.getCellCount()) ?? 1) - 1;
  await page.notebook.runCell(last, true);
  const output = (await page.notebook.getCellTextOutput(last)) ?? [];
  expect(output.join('\n')).not.toMatch(/Error|Traceback/);
  return last;
}

test('the badge of a cell opens what the cell did, by mouse and by keyboard', async ({ page }) => {
  await page.goto();
  await page.notebook.createNew('facts.ipynb');
  await page.notebook.setCell(0, 'code', '%load_ext argon\n%argon init finches');
  await page.notebook.runCell(0, true);
  await run(
    page,
    'import argon\ndb = argon.db()\n_ = db.finches.insert_many([{"_id": n, "beak": n} for n in range(20)])'
  );
  const reading = await run(page, 'seen = len(list(db.finches.find()))');
  const writing = await run(
    page,
    `_ = db.finches.delete_many({"_id": {"$gte": 15}})\n_ = db["${HOSTILE}"].insert_one({"_id": 1})`
  );
  const cell = (index: number) => page.locator('.jp-Notebook .jp-Cell').nth(index);
  const wrote = cell(writing).locator('.jp-mod-wrote .jp-ArgonBadge-open');
  const popUp = page.getByRole('dialog', { name: /What cell \[\d+\] did to data/ });

  await test.step('by mouse: what it wrote, by collection, and that it stands', async () => {
    await expect(wrote).toHaveAttribute('aria-expanded', 'false');
    await wrote.click();
    await expect(popUp).toBeVisible();
    await expect(popUp).toBeFocused();
    await expect(wrote).toHaveAttribute('aria-expanded', 'true');
    await expect(popUp).toContainText(/main@\d+–\d+/);
    const lines = popUp.getByRole('listitem');
    await expect(lines.filter({ hasText: 'finches' })).toContainText('5 deletes');
    await expect(lines.filter({ hasText: HOSTILE })).toContainText('1 insert');
    await expect(popUp).toContainText('All of it stands.');
    await expect(page.locator('.jp-ArgonCellPopUp img, .jp-ArgonBadges img')).toHaveCount(0);
    const { x, y, width, height } = (await page.locator('.jp-ArgonCellPopUp').boundingBox())!;
    expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(1440);
    expect(y + height).toBeLessThanOrEqual(900);
    await wrote.click();
    await expect(popUp).toBeHidden();
  });

  await test.step('one at a time; a click outside closes it', async () => {
    await wrote.click();
    const stale = cell(reading).locator('.jp-mod-stale .jp-ArgonBadge-open');
    await stale.click();
    await expect(popUp).toHaveCount(1);
    await expect(popUp).toContainText('since it read its data');
    await expect(popUp).toContainText('20 documents');
    await cell(0).click();
    await expect(popUp).toHaveCount(0);
  });

  await test.step('by keyboard: Enter and Space open it, Escape closes it and gives the focus back', async () => {
    for (const key of ['Enter', 'Space']) {
      await wrote.focus();
      await page.keyboard.press(key);
      await expect(popUp).toBeFocused();
      // The notebook did not take the key: no cell is edited.
      await expect(page.locator('.jp-Notebook')).toHaveClass(/jp-mod-commandMode/);
      await page.keyboard.press('Tab');
      await expect(popUp.getByRole('button', { name: 'Close' })).toBeFocused();
      await page.keyboard.press('Shift+Tab');
      await expect(popUp.getByRole('button', { name: 'Open lineage' })).toBeFocused();
      await page.keyboard.press('Tab');
      await expect(popUp.getByRole('button', { name: 'Close' })).toBeFocused();
      await page.keyboard.press('Escape');
      await expect(popUp).toBeHidden();
      await expect(wrote).toBeFocused();
    }
    // The badges of a cell are one Tab stop.
    expect(
      await tabStops(page, `.jp-Notebook .jp-Cell:nth-child(${writing + 1}) .jp-ArgonBadges`)
    ).toHaveLength(1);
    const count = await page.notebook.getCellCount();
    await page.keyboard.press('ArrowRight');
    await expect(cell(writing).getByRole('button', { name: 'Undo' })).toBeFocused();
    expect(await page.notebook.getCellCount()).toBe(count);
  });

  await test.step('the command opens it at the active cell', async () => {
    await page.notebook.selectCells(writing);
    await page.evaluate(() => window.jupyterapp.commands.execute('argon:cell-facts'));
    await expect(popUp).toContainText(HOSTILE);
    await page.keyboard.press('Escape');
  });

  await test.step('its actions: diff, the entry in the panel, lineage', async () => {
    await wrote.click();
    await popUp.getByRole('button', { name: 'Diff' }).click();
    await expect(popUp).toBeHidden();
    await expect(page.getByText('6 of 20 documents differ')).toBeVisible();
    await page.notebook.activate('facts.ipynb');
    await wrote.click();
    await popUp.getByRole('button', { name: 'Show in panel' }).click();
    const selected = page.getByRole('treegrid').locator('[aria-selected="true"]');
    await expect(selected).toContainText('5 deletes');
    await expect(page.locator('.jp-ArgonDetails')).toContainText('5 deletes');
    await wrote.click();
    await popUp.getByRole('button', { name: 'Open lineage' }).click();
    await expect(page.locator('.jp-ArgonLineage')).toBeVisible();
    await page.notebook.activate('facts.ipynb');
  });

  await test.step('undo asks first, takes back what this cell wrote, and is told', async () => {
    await wrote.click();
    await popUp.getByRole('button', { name: 'Undo…' }).click();
    await expect(page.getByRole('alertdialog')).toContainText('5 documents added');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Undo', exact: true }).click();
    await expect(wrote).toContainText('undone');
    await expect(page.getByRole('treegrid').getByRole('row', { name: /Undo cell \[\d+\]/ })).toBeVisible();
    await wrote.click();
    await expect(popUp).toContainText('All of it was undone.');
    await expect(popUp.getByRole('button', { name: 'Undo…' })).toHaveCount(0);
    await page.keyboard.press('Escape');
    await run(page, 'assert db.finches.count_documents({}) == 20');
  });

  await test.step('nothing is serious in it in three themes', async () => {
    await cell(reading).locator('.jp-mod-read .jp-ArgonBadge-open').click();
    await expect(popUp).toBeVisible();
    expect(await seriousProblems(page, '.jp-ArgonCellPopUp, .jp-ArgonBadges', 'axe-cell')).toEqual([]);
    await page.keyboard.press('Escape');
  });

  await test.step('writes of a deleted branch are gone, in words', async () => {
    const gone = await run(
      page,
      '%argon branch create try --switch\n_ = db.finches.insert_one({"_id": 99})\n%argon checkout main'
    );
    await expect(cell(gone).locator('.jp-mod-wrote')).toContainText('1 insert');
    await run(page, '%argon branch delete try');
    await expect(cell(gone).locator('.jp-mod-wrote')).toContainText('gone');
    await cell(gone).locator('.jp-mod-wrote .jp-ArgonBadge-open').click();
    await expect(popUp).toContainText('Gone: the branch was deleted, or reset to a state before it.');
    await expect(popUp.getByRole('button', { name: 'Diff' })).toHaveCount(0);
  });
});
