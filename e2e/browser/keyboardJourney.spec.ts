import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

test.use({ autoGoto: false });
test.setTimeout(240_000);

/** Presses of Tab, and of an arrow key inside one stop, after which a button is not to be reached. */
const TABS_MAX = 40;
const ARROWS_MAX = 20;

/** Goes to a button as who has no mouse does: by Tab, and inside a row of buttons by the arrow keys. */
async function reach(page: IJupyterLabPageFixture, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  const isThere = () => target.evaluate(element => element === document.activeElement);
  const isOnButton = () => page.evaluate(() => document.activeElement?.tagName === 'BUTTON');
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    for (let arrows = 0; arrows < ARROWS_MAX; arrows++) {
      if (await isThere()) {
        return;
      }
      if (!(await isOnButton())) {
        break;
      }
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.press('Tab');
  }
  expect(await isThere(), `${String(target)} is reached by the keyboard`).toBe(true);
}

/** What the kernel does meanwhile; not what is tested here. */
async function run(page: IJupyterLabPageFixture, source: string): Promise<void> {
  expect(await page.notebook.addCell('code', source)).toBe(true);
  const last = ((await page.notebook.getCellCount()) ?? 1) - 1;
  await page.notebook.runCell(last, true);
  expect(((await page.notebook.getCellTextOutput(last)) ?? []).join('\n')).not.toMatch(/Error|Traceback/);
}

test('create, switch, merge and undo by keyboard alone', async ({ page }) => {
  await page.goto();
  await page.notebook.createNew('wrens.ipynb');
  await page.notebook.setCell(0, 'code', '%load_ext argon\n%argon init wrens');
  await page.notebook.runCell(0, true);
  await run(
    page,
    'import argon\ndb = argon.db()\n_ = db.wrens.insert_many([{"_id": n, "beak": n} for n in range(5)])'
  );
  const panel = page.locator('#argon-panel');
  const place = page.locator('.jp-ArgonSession-place');

  await test.step('a branch is created', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Alt+g');
    await expect(panel).toBeFocused();
    await reach(page, panel.getByRole('button', { name: 'New branch…' }));
    await page.keyboard.press('Enter');
    await expect(panel.getByRole('textbox', { name: 'Name of the branch' })).toBeFocused();
    await page.keyboard.type('clean');
    await page.keyboard.press('Enter');
    await expect(place).toContainText('clean@');
  });

  await test.step('the session is switched, and back', async () => {
    for (const branch of ['main', 'clean']) {
      await page.keyboard.press('Control+Alt+b');
      await page.locator('.jp-ArgonPicker-row').first().waitFor();
      await page.keyboard.type(branch);
      // What Enter takes: the list follows what is typed a moment later.
      const first = page.locator('.jp-ArgonPicker-row[aria-selected="true"]');
      await expect(first).toContainText(branch);
      await page.keyboard.press('Enter');
      await expect(place).toContainText(`${branch}@`);
    }
  });

  await test.step('both sides change the same document: the merge asks, is answered and applied', async () => {
    await run(page, '_ = db.wrens.update_one({"_id": 1}, {"$set": {"beak": 10}})');
    await run(page, '_ = argon.db("main").wrens.update_one({"_id": 1}, {"$set": {"beak": 20}})');
    await expect(page.locator('.jp-ArgonSession-note')).toContainText('1 behind main');
    await page.keyboard.press('Control+Alt+g');
    await reach(page, panel.getByRole('button', { name: 'Merge clean into main' }));
    await page.keyboard.press('Enter');
    await expect(page.getByText('0 of 1 answered')).toBeVisible();
    await page.keyboard.press('2');
    await expect(page.getByText('1 of 1 answered')).toBeVisible();
    const apply = page.getByRole('button', { name: 'Apply merge' });
    await expect(apply).toBeEnabled();
    await reach(page, apply);
    await page.keyboard.press('Enter');
    await expect(page.getByText(/^Applied to main as LSN/)).toBeVisible();
  });

  await test.step('the merge is undone', async () => {
    await reach(page, page.locator('.jp-ArgonStrip').getByRole('button', { name: 'Undo…' }));
    await page.keyboard.press('Enter');
    const question = page.getByRole('alertdialog');
    await expect(question).toContainText('1 document changed on main.');
    await reach(page, question.getByRole('button', { name: 'Undo', exact: true }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('treegrid').getByRole('row', { name: /Undo/ })).toBeVisible();
  });
  await page.notebook.activate('wrens.ipynb');
  await run(page, 'assert argon.db("main").wrens.find_one(1)["beak"] == 20');
});
