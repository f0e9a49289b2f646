import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { seriousProblems, tabStops } from './accessibility';
import { PICTURES } from './places';
import { FONT, shootThemes } from './themes';

/** A text that would be trouble as markup, as a command, or in a title. */
const HOSTILE = '<img src=x onerror=alert(1)> "\'`{}\u202e';

test.use({ autoGoto: false });

/** The data of all tests here: a real kernel writes it into a project of each test. */
const STORY = [
  'import argon, datetime',
  'db = argon.db()',
  `hostile = ${JSON.stringify(HOSTILE)}`,
  'day = datetime.datetime(2007, 11, 16)',
  'plans = ["free", "pro", "team"]',
  'docs = [{"_id": n, "plan": plans[n % 3], "age": 20 + n % 50, "at": day + datetime.timedelta(days=n), "address": {"city": f"city {n % 7}"}} for n in range(400)]',
  'docs[3]["age"] = "unknown"',
  'docs[5]["note"] = "long " * 400',
  'docs[7][hostile] = hostile',
  '_ = db.users.insert_many(docs)',
  'db.users.create_index("age")',
  '_ = db[hostile.replace("$", "")].insert_one({"_id": hostile, hostile: {hostile: [hostile]}})'
].join('\n');

/** The cells are there already: typing them takes longer than running them. */
const cell = (id: string, source: string) => ({
  cell_type: 'code',
  id,
  source,
  metadata: {},
  execution_count: null,
  outputs: []
});
const notebookOf = (project: string) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' } },
  cells: [
    cell('init', `%load_ext argon\n%argon init ${project}`),
    cell('story', STORY),
    cell('older', '_ = db.users.update_many({"age": {"$gte": 68}}, {"$set": {"age": 1}})')
  ]
});

/** Opens JupyterLab with `data.ipynb`, whose first two cells have made the project and its data. */
async function begin(page: IJupyterLabPageFixture, project: string): Promise<void> {
  await page.goto();
  await page.addStyleTag({ content: FONT });
  await page.contents.uploadContent(JSON.stringify(notebookOf(project)), 'text', 'data.ipynb');
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('docmanager:open', { path: 'data.ipynb', factory: 'Notebook' });
  });
  await page.notebook.activate('data.ipynb');
  await page.notebook.runCell(0, true);
  await page.notebook.runCell(1, true);
  expect(((await page.notebook.getCellTextOutput(1)) ?? []).join('\n')).not.toMatch(/Error|Traceback/);
}

async function command(page: Page, id: string, args: Record<string, string> = {}): Promise<void> {
  await page.evaluate(
    async ([name, given]) => {
      await window.jupyterapp.commands.execute(name, given);
    },
    [id, args] as const
  );
}

const view = '.jp-ArgonData';
const grid = (page: Page) => page.getByRole('grid');
const filter = (page: Page) => page.getByRole('combobox', { name: 'Filter' });
const note = (page: Page) => page.locator('.jp-ArgonData-note');

async function type(page: Page, text: string): Promise<void> {
  await filter(page).click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}

test('documents are found, looked at, followed through time and compared', async ({ page }) => {
  test.setTimeout(240_000);
  let alerts = 0;
  page.on('dialog', dialog => {
    alerts++;
    void dialog.dismiss();
  });
  await begin(page, 'shop');

  await test.step('the browser opens where the session is, with counts, sizes and indexes', async () => {
    await command(page, 'argon:browse-data', { collection: 'users' });
    const users = page.getByRole('treeitem', { name: /users/ });
    await expect(users).toContainText('400 documents');
    await expect(users).toContainText(/\d kB/);
    await expect(page.locator('.jp-ArgonView-catalog')).toContainText('age_1');
    await expect(grid(page).getByRole('columnheader', { name: /age/ })).toContainText('int · string');
    await expect(note(page)).toHaveText(/400 documents · by a scan/);
  });

  await test.step('at most sixty rows are in the page, and all can be reached', async () => {
    await grid(page).focus();
    for (let at = 0; at < 6; at++) {
      await page.keyboard.press('ControlOrMeta+End');
      await page.waitForTimeout(250);
    }
    await expect(grid(page).getByRole('row').last()).toHaveAttribute('aria-rowindex', '401');
    expect(await grid(page).getByRole('row').count()).toBeLessThanOrEqual(60);
    await page.keyboard.press('ControlOrMeta+Home');
    await expect(grid(page).getByRole('row', { selected: true })).toHaveAttribute('aria-rowindex', '2');
  });

  await test.step('a filter is completed, checked while it is typed, and answered by an index', async () => {
    await type(page, '{ ag');
    await expect(page.getByRole('option', { name: /^age/ })).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type('{ $gt');
    await expect(page.getByRole('option', { name: '$gte' })).toBeVisible();
    await page.keyboard.press('Escape');
    await page.keyboard.type('e: Sixty } }');
    await expect(note(page)).toContainText('Sixty at character');
    await type(page, '{ age: { $gte: 66 } }');
    await page.keyboard.press('Enter');
    await expect(note(page)).toHaveText(/32 documents · found by the index age_1/);
    await expect(grid(page)).toHaveAttribute('aria-rowcount', '33');
  });

  await test.step('the same query at an older state, and back', async () => {
    await page.notebook.activate('data.ipynb');
    await page.notebook.runCell(2, true);
    await page.getByRole('tab', { name: /^users/ }).click();
    await expect(page.getByText('main has moved since this was read.')).toBeVisible();
    await page.getByRole('button', { name: 'Read again' }).click();
    await expect(note(page)).toHaveText(/16 documents/);
    await page.getByRole('button', { name: 'State before the last change of this collection' }).click();
    await expect(note(page)).toHaveText(/32 documents/);
    await page.getByRole('button', { name: 'Head of main' }).click();
    await expect(note(page)).toHaveText(/16 documents/);
  });

  await test.step('the same query compared with another state', async () => {
    await page.getByRole('button', { name: 'State before the last change of this collection' }).click();
    await expect(note(page)).toHaveText(/32 documents/);
    await page.getByRole('button', { name: 'Compare with…' }).click();
    await page.getByRole('option', { name: /^main/ }).first().click();
    await expect(note(page)).toHaveText('16 documents differ');
    await expect(grid(page).getByRole('row').nth(1).getByRole('img', { name: 'added' })).toBeVisible();
    await page.getByRole('button', { name: 'End the comparison' }).click();
    await expect(note(page)).toHaveText(/32 documents/);
    await page.getByRole('button', { name: 'Head of main' }).click();
  });

  await test.step('by keyboard alone: sort, open a document, its history, its blame', async () => {
    await type(page, '{ _id: { $lt: 60 } }');
    await page.keyboard.press('Enter');
    await expect(note(page)).toHaveText(/60 documents/);
    await grid(page).focus();
    await page.keyboard.press('Home');
    for (let at = 0; at < 2; at++) {
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.press('s');
    await expect(note(page)).toContainText('sorted by age ↑');
    await page.keyboard.press('s');
    await expect(note(page)).toContainText('sorted by age ↓');
    await grid(page).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('region', { name: 'Document' })).toBeVisible();
    const stops = (await tabStops(page, view)).filter(stop => !stop.startsWith('textbox'));
    // Bar, collections, tools of the filter, table, the document's tools, what can be done with it.
    expect(stops.map(stop => stop.split(' ')[0])).toEqual([
      'button',
      'tree',
      'button',
      'grid',
      'button',
      'button'
    ]);
    const heights = await page
      .locator('.jp-ArgonData-fields tbody tr')
      .evaluateAll(rows => rows.map(row => Math.round(row.getBoundingClientRect().height)));
    expect(heights.every(height => height >= 24 && height <= 28)).toBe(true);
    await page.sidebar.close('left');
    await shootThemes(page, 'data-browser');
    await page.getByRole('region', { name: 'Document' }).getByRole('button').first().focus();
    await page.keyboard.press('Escape');
    await expect(grid(page)).toBeFocused();
    await type(page, '{ _id: 48 }');
    await page.keyboard.press('Enter');
    await expect(note(page)).toHaveText(/^1 document/);
    await grid(page).focus();
    await page.keyboard.press('h');
    await expect(page.getByRole('tree', { name: 'Versions' }).getByRole('treeitem')).toHaveCount(2);
    await expect(page.locator('.jp-ArgonHistory')).toContainText('data.ipynb cell');
    await expect(page.locator('.jp-ArgonHistory .jp-mod-update')).toContainText(['age']);
    await shootThemes(page, 'document-history');
    await page.getByRole('button', { name: 'Blame', exact: true }).click();
    const age = page.locator('.jp-ArgonBlame tr', { hasText: 'age' });
    await expect(age).toContainText('data.ipynb cell');
    await shootThemes(page, 'document-blame');
  });

  await test.step('an old value is brought back through a plan', async () => {
    await page.locator('.jp-ArgonHistory').getByRole('button', { name: 'History', exact: true }).click();
    await page.getByRole('tree', { name: 'Versions' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('button', { name: 'Restore this value…' }).click();
    await expect(page.getByRole('button', { name: 'Apply restore' })).toBeVisible();
    await expect(page.getByRole('tab', { name: /^Restore main to LSN \d+$/ })).toBeVisible();
    await expect(page.getByRole('tab', { name: /^Merge/ })).toHaveCount(0);
    await page.screenshot({ path: join(PICTURES, 'restore-document-light.png') });
  });

  await test.step('what is shown is a cell of the notebook, and reads it', async () => {
    await page.getByRole('tab', { name: /^users/ }).click();
    await page.getByRole('button', { name: 'Open in notebook' }).click();
    await expect(page.getByText('A cell was added to data.ipynb.')).toBeVisible();
    await page.notebook.activate('data.ipynb');
    const cell = page.locator('.jp-Cell.jp-mod-active');
    await expect(cell).toContainText('argon.db("main@');
    await page.keyboard.press('Escape');
    const index = await page.evaluate(() => {
      const panel = window.jupyterapp.shell.currentWidget as unknown as {
        content: { activeCellIndex: number };
      };
      return panel.content.activeCellIndex;
    });
    await page.notebook.runCell(index, true);
    await expect(page.locator('.jp-Cell').nth(index).locator('.jp-OutputArea')).toContainText('city 6');
  });

  await test.step('names and values are text, and a long one is folded', async () => {
    await page.getByRole('tab', { name: /^users/ }).click();
    await type(page, '{ _id: 7 }');
    await page.keyboard.press('Enter');
    await grid(page).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('region', { name: 'Document' })).toContainText(
      '<img src=x onerror=alert(1)>'
    );
    await page.getByRole('treeitem', { name: /<img src=x/ }).click();
    await expect(grid(page).getByRole('row').nth(1)).toContainText('<img src=x');
    await grid(page).focus();
    await page.keyboard.press('h');
    await expect(page.locator('.jp-ArgonHistory-name').last()).toContainText('<img src=x');
    await page.getByRole('tab', { name: /^<img/ }).first().click();
    await page.getByRole('treeitem', { name: /users/ }).click();
    await type(page, '{ _id: 5 }');
    await page.keyboard.press('Enter');
    await grid(page).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '1,502 more characters' }).click();
    await expect(page.getByRole('button', { name: 'Fold', exact: true })).toBeVisible();
    expect(alerts).toBe(0);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  });

  await test.step('an empty answer and a wrong query say what to do', async () => {
    await type(page, '{ plan: "gold" }');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'No document fits' })).toBeVisible();
    await type(page, '{ $nope: 1 }');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toContainText('$nope');
    await page.getByRole('button', { name: 'Take the filter away' }).first().click();
    await expect(note(page)).toHaveText(/400 documents/);
  });
});

test('the views come back with the page, and nothing is serious in three themes', async ({ page }) => {
  test.setTimeout(180_000);
  await begin(page, 'archive');
  await command(page, 'argon:show-panel');
  await expect(page.getByRole('treegrid')).toBeVisible();
  await command(page, 'argon:browse-data', {
    project: 'archive',
    ref: 'main',
    collection: 'users',
    filter: '{ plan: "pro" }',
    sort: '[["age", -1]]'
  });
  await expect(note(page)).toHaveText(/133 documents.*sorted by age ↓/);
  await grid(page).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Columns' }).click();
  expect(await seriousProblems(page, view, 'data')).toEqual([]);
  await page.keyboard.press('Escape');
  await command(page, 'argon:document-history', {
    project: 'archive',
    ref: 'main',
    collection: 'users',
    id: '48'
  });
  await expect(page.getByRole('tree', { name: 'Versions' })).toBeVisible();
  expect(await seriousProblems(page, '.jp-ArgonHistory', 'history')).toEqual([]);
  await page.getByRole('button', { name: 'Blame', exact: true }).click();
  await expect(page.locator('.jp-ArgonBlame tr', { hasText: 'age' })).toBeVisible();
  expect(await seriousProblems(page, '.jp-ArgonHistory', 'blame')).toEqual([]);
  await command(page, 'argon:diff', { project: 'archive', from: 'main@1', to: 'main' });
  await expect(page.getByRole('tab', { name: 'Diff main → main' })).toBeVisible();

  await page.waitForTimeout(1_000);
  const loaded = page.waitForEvent('load');
  await page.evaluate(() => window.location.reload());
  await loaded;
  await expect(page.getByRole('tab', { name: /^users/ })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('tab', { name: /^History of/ })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Diff main → main' })).toBeVisible();
  await page.getByRole('tab', { name: /^users/ }).click();
  await expect(note(page)).toHaveText(/133 documents.*sorted by age ↓/);
});
