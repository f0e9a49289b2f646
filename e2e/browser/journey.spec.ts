import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { join } from 'node:path';
import { PICTURES } from './places';

/** A name that would be trouble as markup. */
const HOSTILE = '<img src=x onerror=alert(1)>';

test.use({ autoGoto: false });
test.describe.configure({ mode: 'serial' });

/** Adds a cell, runs it in the real kernel, and waits for its end. */
async function run(page: IJupyterLabPageFixture, source: string): Promise<number> {
  const index = await page.notebook.addCell('code', source);
  expect(index).toBe(true);
  const last = ((await page.notebook.getCellCount()) ?? 1) - 1;
  await page.notebook.runCell(last, true);
  const output = (await page.notebook.getCellTextOutput(last)) ?? [];
  expect(output.join('\n')).not.toMatch(/Error|Traceback/);
  return last;
}

const row = (page: IJupyterLabPageFixture, name: string | RegExp) =>
  page.getByRole('treegrid').getByRole('row', { name });

test('create, switch, write from a kernel, merge, undo, delete: all from the page', async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto();
  await page.notebook.createNew('journey.ipynb');
  await page.notebook.setCell(0, 'code', '%load_ext argon\n%argon init birds');
  await page.notebook.runCell(0, true);
  await page.sidebar.openTab('argon-panel');

  await test.step('the panel follows the kernel', async () => {
    await expect(page.locator('.jp-ArgonSession-place')).toContainText('main@0');
    await expect(page.locator('.jp-ArgonStatus-button')).toContainText('birds/main@0');
    await run(
      page,
      'import argon\ndb = argon.db()\n_ = db.birds.insert_many([{"_id": n, "name": f"bird {n}", "legs": 2} for n in range(20)])'
    );
    await expect(row(page, /20 inserts/)).toBeVisible();
    await expect(page.locator('.jp-ArgonBadge.jp-mod-wrote')).toContainText('20 inserts');
  });

  await test.step('a branch is created and switched to in the panel', async () => {
    await page.getByRole('button', { name: 'New branch…' }).click();
    await page.getByRole('textbox', { name: 'Name of the branch' }).fill('clean');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(page.locator('.jp-ArgonSession-place')).toContainText('clean@');
    await expect(page.locator('.jp-ArgonBranchButton-button')).toContainText('clean');
  });

  await test.step('plain pymongo in the kernel writes to it, and the panel shows it', async () => {
    const cell = await run(page, '_ = db.birds.update_many({"_id": {"$lt": 5}}, {"$set": {"legs": 3}})');
    const started = Date.now();
    await expect(row(page, /branch clean.*5 updates/)).toBeVisible();
    test.info().annotations.push({ type: 'shown after', description: `${Date.now() - started} ms` });
    await expect(page.locator('.jp-ArgonSession-note')).toContainText('5 ahead');
    await expect(page.locator('.jp-Cell').nth(cell).locator('.jp-ArgonBadge.jp-mod-wrote')).toContainText(
      '5 updates'
    );
  });

  await test.step('the same document changes on main: the merge asks, and is applied from the page', async () => {
    await run(page, '_ = argon.db("main").birds.update_one({"_id": 1}, {"$set": {"legs": 4}})');
    await expect(page.locator('.jp-ArgonSession-note')).toContainText('1 behind main');
    await page.getByRole('button', { name: 'Diff with main' }).click();
    const also = page.getByText('1 document was also changed on main: a merge will ask about it');
    await expect(also).toBeVisible();
    const marked = page.getByRole('treeitem', { name: /also on main/ });
    await expect(marked).toHaveCount(1);
    await page.getByRole('button', { name: /^Since the fork, main@/ }).click();
    await expect(page.getByRole('button', { name: /^Since the fork/, pressed: true })).toBeVisible();
    await expect(also).toBeVisible();
    await marked.click();
    await expect(page.getByText('On clean changed once since the fork:')).toBeVisible();
    await expect(page.getByText('A merge will ask about it.')).toBeVisible();
    await page.getByRole('button', { name: 'Undo this change…' }).click();
    await expect(page.getByRole('alertdialog')).toContainText('1 document changed on clean.');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Merge clean into main' }).click();
    await expect(page.getByText('0 of 1 answered')).toBeVisible();
    await expect(page.getByText('Apply needs 1 more answer.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Apply merge' })).toBeDisabled();
    await page.getByRole('radio', { name: 'theirs: 3' }).click();
    await expect(page.getByText('1 of 1 answered')).toBeVisible();
    await page.screenshot({ path: join(PICTURES, 'journey-merge.png') });
    await page.getByRole('button', { name: 'Apply merge' }).click();
    await expect(page.getByText(/^Applied to main as LSN/)).toBeVisible();
    await expect(row(page, /Merge clean/)).toBeVisible();
    await page.notebook.activate('journey.ipynb');
    await run(page, 'assert argon.db("main").birds.count_documents({"legs": 3}) == 5');
  });

  await test.step('a bad cell is undone from its badge', async () => {
    const cell = await run(page, '_ = db.birds.delete_many({"_id": {"$gte": 10}})');
    const badge = page.locator('.jp-Cell').nth(cell).locator('.jp-ArgonBadge.jp-mod-wrote');
    await expect(badge).toContainText('10 deletes');
    await badge.hover();
    await badge.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByRole('alertdialog')).toContainText('10 documents added on clean.');
    await page.screenshot({ path: join(PICTURES, 'journey-undo.png') });
    await page.getByRole('alertdialog').getByRole('button', { name: 'Undo', exact: true }).click();
    await expect(row(page, /Undo/)).toBeVisible();
    await run(page, 'assert db.birds.count_documents({}) == 20');
  });

  await test.step('the diff names what differs', async () => {
    await page.getByRole('button', { name: 'New branch…' }).click();
    const name = page.getByRole('textbox', { name: 'Name of the branch' });
    await name.fill('no@ref');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(page.locator('.jp-ArgonNotice.jp-mod-error')).toContainText('NAME_INVALID');
    // A hostile name is a name, and text wherever it is shown.
    await name.fill(HOSTILE);
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(page.locator('.jp-ArgonSession-place')).toContainText(HOSTILE);
    await expect(
      page.locator('#argon-panel img, .jp-ArgonStatus img, .jp-ArgonBranchButton img')
    ).toHaveCount(0);
    await run(page, `_ = db.birds.insert_one({"_id": "${HOSTILE}", "legs": 0})`);
    await page.getByRole('button', { name: 'Diff with main' }).click();
    await expect(page.getByText('1 of 21 documents differ')).toBeVisible();
    await expect(page.getByRole('treeitem', { name: /img src/ })).toBeVisible();
    await expect(page.locator('.jp-ArgonView img')).toHaveCount(0);
    await page.notebook.activate('journey.ipynb');
  });

  await test.step('a branch is deleted, asked first', async () => {
    await page.locator('.jp-ArgonSession-switch').click();
    await page.getByRole('option', { name: /^main/ }).click();
    await expect(page.locator('.jp-ArgonSession-place')).toContainText('main@');
    await row(page, /branch <img src/).click();
    await page.getByRole('button', { name: 'Delete…' }).click();
    await expect(page.getByRole('alertdialog')).toContainText('1 change');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete branch' }).click();
    await expect(page.locator('.jp-ArgonChip', { hasText: HOSTILE })).toHaveCount(0);
  });
});

test('a killed bridge comes back by itself, with everything that was acknowledged', async ({
  page,
  request
}) => {
  test.setTimeout(120_000);
  await page.goto();
  await page.sidebar.openTab('argon-panel');
  // Without a session the panel shows the first project there is.
  await page.locator('.jp-ArgonHeader-project').click();
  await page.getByRole('menuitem', { name: 'birds', exact: true }).click();
  await expect(row(page, /20 inserts/)).toBeVisible();
  const before = await page.getByRole('treegrid').getAttribute('aria-rowcount');
  const { pid } = (await (await request.get('argon/bridge')).json()) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await expect(page.getByText('Connection to the bridge lost.')).toBeVisible();
  // What was known stays readable meanwhile.
  await expect(row(page, /20 inserts/)).toBeVisible();
  await expect(page.getByText('Connection to the bridge lost.')).toBeHidden({ timeout: 30_000 });
  await expect(page.getByRole('treegrid')).toHaveAttribute('aria-rowcount', before ?? '');
  const after = (await (await request.get('argon/bridge')).json()) as { pid: number };
  expect(after.pid).not.toBe(pid);
});
