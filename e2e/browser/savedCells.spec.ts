import { expect, galata, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { seriousProblems } from './accessibility';
import { ScriptedBridge } from './scriptedBridge';
import { FONT, shootThemes } from './themes';

/** A name that would be trouble as markup. */
const HOSTILE = '<img src=x onerror="window.__hurt=1">';

const SETTING = 'jupyterlab-argon:plugin';

/** No bridge, and none that could be started. */
const NONE = {
  info: { state: 'missing', message: 'Node.js was not found.', code: 'BRIDGE_NODE_MISSING', log: [] }
};

interface SavedNotebook {
  readonly cells: { readonly id: string; readonly metadata: Record<string, unknown> }[];
}

test.use({ autoGoto: false });
test.setTimeout(180_000);

/** Runs the story in a real kernel, saves the notebook and reads what the file holds. */
async function runAndSave(page: IJupyterLabPageFixture, name: string): Promise<SavedNotebook> {
  await page.goto();
  await page.notebook.createNew(name);
  const project = name.replace('.ipynb', '');
  const sources = [
    `%load_ext argon\n%argon init ${project}`,
    'import argon\ndb = argon.db()',
    `_ = db["${HOSTILE.replaceAll('"', '\\"')}"].insert_many([{"_id": n} for n in range(20)])`,
    `seen = len(list(db["${HOSTILE.replaceAll('"', '\\"')}"].find()))`,
    '1 + 1'
  ];
  for (const [index, source] of sources.entries()) {
    await (index === 0 ? page.notebook.setCell(0, 'code', source) : page.notebook.addCell('code', source));
    await page.notebook.runCell(index, true);
  }
  await expect(page.locator('.jp-ArgonBadge.jp-mod-read')).toContainText('20 docs');
  await page.notebook.save();
  return file(page, name);
}

async function file(page: IJupyterLabPageFixture, name: string): Promise<SavedNotebook> {
  return page.evaluate(async path => {
    const { contents } = window.jupyterapp.serviceManager;
    return (await contents.get(path, { type: 'notebook', format: 'json', content: true }))
      .content as SavedNotebook;
  }, name);
}

/** Opens a notebook where no bridge is, and no kernel runs. */
async function openWithout(page: IJupyterLabPageFixture, path: string): Promise<void> {
  await new ScriptedBridge(page, NONE).install();
  await page.goto();
  await page.addStyleTag({ content: FONT });
  await page.evaluate(async opened => {
    await window.jupyterapp.commands.execute('docmanager:open', {
      path: opened,
      factory: 'Notebook',
      kernelPreference: { shouldStart: false, autoStartDefault: false, canStart: false }
    });
  }, path);
  await page.notebook.activate(path.slice(path.lastIndexOf('/') + 1));
  await expect(page.locator('.jp-Notebook .jp-Cell:visible').first()).toBeVisible();
}

test.describe('by default', () => {
  test('the metadata of cells is never touched', async ({ page }) => {
    const { cells } = await runAndSave(page, 'untouched.ipynb');
    expect(cells.map(({ metadata }) => Object.keys(metadata).filter(key => key !== 'trusted'))).toEqual([
      [],
      [],
      [],
      [],
      []
    ]);
  });
});

test.describe('with the setting on', () => {
  test.use({ mockSettings: { ...galata.DEFAULT_SETTINGS, [SETTING]: { keepInNotebook: true } } });

  test('a saved notebook shows its badges where no bridge is, marked as saved', async ({ page }) => {
    const { cells } = await runAndSave(page, 'kept.ipynb');
    const kept = cells.map(({ metadata }) => metadata['argon'] as Record<string, unknown> | undefined);
    expect(kept[2]).toMatchObject({
      version: 1,
      cellNumber: 3,
      writes: [{ project: 'kept', branch: 'main', collection: HOSTILE, inserts: 20 }]
    });
    expect(kept[3]).toMatchObject({ reads: [{ collection: HOSTILE, documents: 20, branch: 'main' }] });
    expect(kept[4]).toBeUndefined();

    await test.step('the same again leaves the same text, and a cell that reads no more loses it', async () => {
      await page.notebook.runCell(3, true);
      await page.notebook.save();
      const again = (await file(page, 'kept.ipynb')).cells[3]!.metadata['argon'];
      expect(again).toEqual({ ...kept[3], cellNumber: 6 });
      await page.notebook.setCell(3, 'code', 'seen = 20');
      await page.notebook.runCell(3, true);
      await expect(page.locator('.jp-ArgonBadge.jp-mod-read')).toHaveCount(0);
      await page.notebook.save();
      expect((await file(page, 'kept.ipynb')).cells[3]!.metadata).not.toHaveProperty('argon');
    });

    await page.evaluate(() => window.jupyterapp.serviceManager.sessions.shutdownAll());
    await openWithout(page, 'kept.ipynb');
    const cell = page.locator('.jp-Notebook .jp-Cell').nth(2);
    const wrote = cell.locator('.jp-mod-wrote .jp-ArgonBadge-open');
    await expect(cell.locator('.jp-mod-saved')).toContainText('saved');
    await expect(wrote).toContainText('20 inserts');
    await expect(cell.locator('.jp-ArgonBadge-action')).toHaveCount(0);
    await wrote.click();
    const popUp = page.getByRole('dialog', { name: 'What cell [3] did to data' });
    await expect(popUp).toContainText('Saved with the notebook');
    await expect(popUp).toContainText('What became of that since is not known here.');
    await expect(popUp).toContainText(/kept\/main@\d+–\d+/);
    await expect(popUp).not.toContainText('All of it stands.');
    await expect(popUp.getByRole('button')).toHaveCount(1);
    await expect(page.locator('.jp-ArgonCellPopUp img, .jp-ArgonBadges img')).toHaveCount(0);
    expect(await seriousProblems(page, '.jp-ArgonCellPopUp, .jp-ArgonBadges', 'axe-saved')).toEqual([]);
    const { x, y, width, height } = (await page.locator('.jp-Notebook').boundingBox())!;
    await shootThemes(page, 'cells-saved', { x, y, width, height: Math.min(height, 360) });
    await page.keyboard.press('Escape');

    await test.step('what is cleared takes its badges along', async () => {
      await page.notebook.selectCells(2);
      await page.evaluate(() => window.jupyterapp.commands.execute('notebook:clear-cell-output'));
      await expect(cell.locator('.jp-ArgonBadge')).toHaveCount(0);
    });
  });
});

test("the metadata of a stranger's notebook never breaks the page", async ({ page, tmpPath }) => {
  const write = {
    project: HOSTILE,
    branch: HOSTILE,
    firstLsn: 1,
    lastLsn: 9,
    collection: HOSTILE,
    inserts: 9,
    updates: 0,
    deletes: 0
  };
  const good = { version: 1, cellNumber: 1, writes: [write] };
  const strange: readonly unknown[] = [
    good,
    '__proto__',
    null,
    [[[]]],
    { version: 1, cellNumber: 1, writes: [{ ...write, lastLsn: 'x' }] },
    { version: 1, cellNumber: 1, reads: { length: 9e9 } },
    { version: 1, cellNumber: 1, writes: Array.from({ length: 5_000 }, () => write) },
    { ...good, cellNumber: 2 }
  ];
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: strange.map((argon, index) => ({
      cell_type: 'code',
      id: `c${index}`,
      execution_count: 1,
      metadata: { argon },
      source: 'pass',
      outputs: []
    }))
  };
  await page.contents.uploadContent(JSON.stringify(notebook), 'text', `${tmpPath}/strange.ipynb`);
  await openWithout(page, `${tmpPath}/strange.ipynb`);
  const badges = page.locator('.jp-ArgonBadge.jp-mod-wrote');
  await expect(badges).toHaveCount(1);
  await expect(page.locator('.jp-Notebook .jp-Cell').first().locator('.jp-ArgonBadge')).toHaveCount(2);
  await badges.locator('.jp-ArgonBadge-open').click();
  await expect(page.getByRole('dialog')).toContainText('<img src=x');
  await expect(page.locator('.jp-ArgonCellPopUp img, .jp-ArgonBadges img')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.locator('.jp-Notebook .jp-Cell')).toHaveCount(strange.length);
  expect(await page.evaluate(() => '__hurt' in window)).toBe(false);
});
