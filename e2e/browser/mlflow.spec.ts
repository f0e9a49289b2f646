import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';

/** A real store, models and runs, made in a real kernel. */
const CELLS = [
  '%load_ext argon\n%argon init terns',
  `import logging
import argon, mlflow
from sklearn.dummy import DummyClassifier

logging.getLogger("alembic").setLevel(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///terns.db")
mlflow.set_experiment("wings")
db = argon.db()
_ = db.terns.insert_many([{"_id": n, "wing": 200 + n, "adult": n % 3 == 0} for n in range(40)])

def fit():
    rows = list(db.terns.find())
    return DummyClassifier().fit([[row["wing"]] for row in rows], [row["adult"] for row in rows])`,
  `with mlflow.start_run(run_name="first"):
    model = fit()
    mlflow.log_metric("accuracy", 0.65)
    mlflow.sklearn.log_model(
        model, name="model", pip_requirements=["scikit-learn"], registered_model_name="tern-age"
    )`,
  `with mlflow.start_run(run_name="again"):
    fit()
    mlflow.log_metric("accuracy", 0.65)`,
  '%argon branch create exp --switch',
  `_ = db.terns.update_many({"_id": {"$lt": 3}}, {"$set": {"adult": True}})
with mlflow.start_run(run_name="mended"):
    fit()
    mlflow.log_metric("accuracy", 0.7)`,
  '%argon checkout main',
  '%argon branch delete exp',
  '%argon branch create exp'
] as const;

/** The cells that take away the branch of a run, and give its name anew. */
const DELETES = CELLS.length - 2;
const CREATES = CELLS.length - 1;

test.use({ autoGoto: false });
test.setTimeout(400_000);

async function openNotebook(page: IJupyterLabPageFixture): Promise<void> {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' } },
    cells: CELLS.map((source, index) => ({
      cell_type: 'code',
      id: `c${index}`,
      metadata: {},
      execution_count: null,
      source,
      outputs: []
    }))
  };
  await page.contents.uploadContent(JSON.stringify(notebook), 'text', 'terns.ipynb');
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('docmanager:open', { path: 'terns.ipynb', factory: 'Notebook' })
  );
  await page.notebook.activate('terns.ipynb');
}

async function run(page: IJupyterLabPageFixture, index: number): Promise<void> {
  await page.notebook.runCell(index, true);
  const output = (await page.notebook.getCellTextOutput(index)) ?? [];
  expect(output.join('\n')).not.toMatch(/Error|Traceback/);
}

test('data, cell, run and model of real runs: facts, the same data, and what a branch leads to now', async ({
  page
}) => {
  await page.goto();
  await openNotebook(page);
  for (let index = 0; index < DELETES; index++) {
    await run(page, index);
  }
  await page.evaluate(() => window.jupyterapp.commands.execute('argon:lineage', { project: 'terns' }));
  const drawing = page.locator('.jp-ArgonLineage-drawing');
  const node = (name: RegExp) => drawing.getByRole('button', { name });
  const facts = page.locator('.jp-ArgonLineage-side');

  await test.step('from the data over cell and run to the model', async () => {
    await expect(node(/^data main@\d+, 40 terns/)).toBeVisible();
    await expect(node(/^cell terns\.ipynb, cell \[3\], from main@\d+/)).toBeVisible();
    await expect(node(/^run first, .*0\.65, from terns\.ipynb/)).toBeVisible();
    await expect(node(/^model tern-age, version 1, from first/)).toBeVisible();
    await expect(node(/^data exp@\d+, 40 terns/)).toBeVisible();
    await node(/^model tern-age/).click();
    await expect(page.locator('.jp-ArgonLineage-node.jp-mod-path')).toHaveCount(4);
  });

  await test.step('the facts of a run, as MLflow has them', async () => {
    await node(/^run first/).click();
    await expect(facts.locator('h2').first()).toContainText('first');
    await expect(facts.locator('h2').first()).toContainText('0.65');
    await expect(facts).toContainText('wings');
    await expect(facts).toContainText('terns');
    await expect(facts.locator('dl').last()).toContainText('argon.digest');
    const same = facts.locator('.jp-ArgonLineage-same li');
    await expect(same.filter({ hasText: 'again' })).toContainText('same data');
    await expect(same.filter({ hasText: 'mended' })).toContainText('2 documents');
  });

  await test.step('two runs side by side: the same data, and other data', async () => {
    const pick = facts.getByLabel('Compare with another run');
    await pick.selectOption({ label: 'again' });
    await expect(facts).toContainText('The same data: the digests are equal.');
    await facts.getByRole('button', { name: 'End the comparison' }).click();
    await pick.selectOption({ label: 'mended' });
    await expect(facts.getByRole('status')).toContainText('2 documents');
    await expect(facts.locator('tr', { hasText: 'accuracy' })).toContainText('0.65');
    await expect(facts.locator('tr', { hasText: 'accuracy' })).toContainText('0.7');
    await facts.getByRole('button', { name: 'End the comparison' }).click();
  });

  await test.step('a branch that is deleted, and one of its name, are told by themselves', async () => {
    await node(/^run mended/).click();
    await expect(facts.locator('h2').first()).toContainText('mended');
    await expect(facts.locator('.jp-ArgonLineage-moved')).toHaveCount(0);
    const tab = page.locator('.lm-TabBar-tab', { hasText: 'Lineage' });
    for (const [index, sentence, word] of [
      [DELETES, 'There is no branch exp any more.', /^run mended, .*branch gone/],
      [CREATES, 'The branch exp of now is another, or was reset', /^run mended, .*branch moved/]
    ] as const) {
      await page.notebook.activate('terns.ipynb');
      await run(page, index);
      await tab.click();
      await expect(facts.locator('.jp-ArgonLineage-moved')).toContainText(sentence);
      await expect(node(word)).toBeVisible();
    }
  });
});
