import { expect, test } from '@jupyterlab/galata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes the pictures of the README: the quickstart, run in a real kernel against a real bridge, up to its undo.
 * `ARGON_DOCS_IMAGES=1 npx playwright test -c e2e/browser docs-images`
 */
const ROOT = join(__dirname, '..', '..');
const LAST_CELL = 'quickstart-33';

/** A stand-in for the font of a desktop, which a bare machine does not have. */
const FONT =
  ':root { --jp-ui-font-family: Inter, system-ui !important; --jp-content-font-family: Inter, system-ui !important; }';

test.use({ autoGoto: false, deviceScaleFactor: 1.5, viewport: { width: 1440, height: 900 } });

test('pictures of the panel beside the quickstart', async ({ page }) => {
  test.setTimeout(600_000);
  const notebook = JSON.parse(readFileSync(join(ROOT, 'binder', 'quickstart.ipynb'), 'utf8')) as {
    cells: { id: string }[];
  };
  notebook.cells = notebook.cells.slice(0, notebook.cells.findIndex(cell => cell.id === LAST_CELL) + 1);
  await page.goto();
  await page.contents.uploadContent(JSON.stringify(notebook), 'text', 'quickstart.ipynb');
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('docmanager:open', {
      path: 'quickstart.ipynb',
      factory: 'Notebook'
    });
  });
  await page.notebook.activate('quickstart.ipynb');
  await page.notebook.run();
  await page.notebook.save();
  await page.addStyleTag({ content: FONT });
  await page.sidebar.openTab('argon-panel');
  await page.sidebar.setWidth(353, 'left');
  await page.notebook.activate('quickstart.ipynb');
  const rows = page.getByRole('treegrid').getByRole('row');
  await expect(rows.filter({ hasText: 'Undo' })).toBeVisible();
  const bad = notebook.cells.findIndex(cell => cell.id === 'quickstart-31');
  await page.notebook.selectCells(bad);
  await page.locator('.jp-Cell.jp-mod-active .jp-ArgonBadge').first().waitFor();
  await rows.filter({ hasText: 'sizes' }).click();
  await expect(page.locator('.jp-ArgonDetails-changes li').first()).toBeVisible();
  await page.mouse.move(900, 500);
  for (const theme of ['light', 'dark'] as const) {
    await (theme === 'light' ? page.theme.setLightTheme() : page.theme.setDarkTheme());
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: join(ROOT, 'docs', 'images', `panel-${theme}.png`) });
  }
});
