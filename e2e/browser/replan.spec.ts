import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';

test.use({ autoGoto: false });
test.setTimeout(180_000);

/** Adds a cell with a source, runs it in the real kernel, and answers with what it printed. */
async function run(page: IJupyterLabPageFixture, source: string): Promise<string> {
  expect(await page.notebook.addCell('code', source)).toBe(true);
  const last = ((await page.notebook.getCellCount()) ?? 1) - 1;
  await page.notebook.runCell(last, true);
  const output = ((await page.notebook.getCellTextOutput(last)) ?? []).join('\n');
  expect(output).not.toMatch(/Error|Traceback/);
  return output.trim();
}

test('a stale undo and a stale restore are made again by one button, and applied', async ({ page }) => {
  await page.goto();
  await page.notebook.createNew('replan.ipynb');
  await page.notebook.setCell(0, 'code', '%load_ext argon\n%argon init swifts');
  await page.notebook.runCell(0, true);
  await run(
    page,
    'import argon\ndb = argon.db()\n_ = db.swifts.insert_many([{"_id": n, "wing": 10 * n, "note": "a"} for n in range(5)])'
  );
  await run(page, '_ = db.swifts.update_one({"_id": 1}, {"$set": {"wing": 99}})');
  await run(page, '_ = db.swifts.update_one({"_id": 1}, {"$set": {"wing": 100}})');
  const project = 'argon.Client().project("swifts")';

  await test.step('an undo with a conflict: its answer is kept', async () => {
    const made = `p = ${project}\nhead = p.branch("main").head\nprint(p.undo("main", lsn=(head - 1, head - 1)).id)`;
    const plan = await run(page, made);
    await page.evaluate(
      id => window.jupyterapp.commands.execute('argon:open-plan', { project: 'swifts', plan: id }),
      plan
    );
    await expect(page.getByText('0 of 1 answered')).toBeVisible();
    await page.getByRole('radio', { name: /^theirs: .*wing: 10,/ }).click();
    await expect(page.getByText('1 of 1 answered')).toBeVisible();
    await page.notebook.activate('replan.ipynb');
    await run(page, '_ = db.swifts.update_one({"_id": 2}, {"$set": {"note": "b"}})');
    await page.getByRole('tab', { name: /^Undo/ }).click();
    await expect(page.getByRole('button', { name: 'Apply undo' })).toBeDisabled();
    await page.getByRole('button', { name: /^Update plan to main@\d+$/ }).click();
    await expect(page.getByText('The plan is up to date; 1 answer was kept.')).toBeVisible();
    await page.getByRole('button', { name: 'Apply undo' }).click();
    await expect(page.getByText(/^Applied to main as LSN/)).toBeVisible();
    await page.notebook.activate('replan.ipynb');
    await run(page, 'assert db.swifts.find_one(1)["wing"] == 10 and db.swifts.find_one(2)["note"] == "b"');
  });

  await test.step('a restore', async () => {
    const made = `p = ${project}\nhead = p.branch("main").head\nprint(p.restore_plan("main", f"main@{head - 1}").id)`;
    const plan = await run(page, made);
    await page.evaluate(
      id => window.jupyterapp.commands.execute('argon:open-plan', { project: 'swifts', plan: id }),
      plan
    );
    await expect(page.getByRole('button', { name: 'Apply restore' })).toBeEnabled();
    await page.notebook.activate('replan.ipynb');
    await run(page, '_ = db.swifts.insert_one({"_id": 50})');
    await page.getByRole('tab', { name: /^Restore/ }).click();
    await page.getByRole('button', { name: /^Update plan to main@\d+$/ }).click();
    await page.getByRole('button', { name: 'Apply restore' }).click();
    await expect(
      page.getByRole('tabpanel', { name: /^Restore/ }).getByText(/^Applied to main as LSN/)
    ).toBeVisible();
    await page.notebook.activate('replan.ipynb');
    await run(page, 'assert db.swifts.find_one(50) is None and db.swifts.find_one(1)["wing"] == 100');
  });
});
