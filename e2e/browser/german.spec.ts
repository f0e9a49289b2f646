import { expect, galata, test } from '@jupyterlab/galata';
import { join } from 'node:path';
import { PICTURES } from './places';
import { PenguinsMerge } from './penguinsViews';
import { ScriptedBridge } from './scriptedBridge';

test.use({
  autoGoto: false,
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    '@jupyterlab/translation-extension:plugin': { locale: 'de_DE' }
  }
});

test('who has JupyterLab in German finds the panel, the menu, the settings and a view in German', async ({
  page
}) => {
  const merge = new PenguinsMerge();
  await new ScriptedBridge(page, { answers: merge.answers }).install();
  await page.goto();

  await test.step('the panel, with numbers and times', async () => {
    await page.evaluate(() => window.jupyterapp.commands.execute('argon:show-panel'));
    const graph = page.getByRole('treegrid');
    await expect(graph).toContainText('9 geändert · Zelle [3]');
    await expect(graph).toContainText('Zelle [7] rückgängig gemacht');
    await expect(graph).toContainText('1.892');
    await expect(graph).not.toContainText('1,892');
    await expect(page.getByPlaceholder('Nach Branch, Zelle')).toBeVisible();
    await graph.getByRole('row').nth(3).click();
    const details = page.locator('.jp-ArgonDetails');
    await expect(details.getByRole('button', { name: 'Rückgängig machen…' })).toBeVisible();
    await expect(details).toContainText('heute');
  });

  await test.step('the menu', async () => {
    await page.menu.open('Edit>Argon');
    await expect(page.getByRole('menuitem', { name: 'Zu Branch, Pin oder LSN wechseln…' })).toBeVisible();
    await page.menu.closeAll();
  });

  await test.step('a view', async () => {
    await page.evaluate(() =>
      window.jupyterapp.commands.execute('argon:diff', { from: 'main', to: 'clean-nulls' })
    );
    await expect(page.getByText('12 von 349 Dokumenten unterscheiden sich')).toBeVisible();
    await page.screenshot({ path: join(PICTURES, 'german-diff.png') });
  });

  await test.step('the settings', async () => {
    await page.evaluate(() => window.jupyterapp.commands.execute('settingeditor:open', { query: 'Argon' }));
    const settings = page.locator('#setting-editor');
    await expect(settings).toContainText('Marken der Zellen');
    await expect(settings).toContainText('Wie viele Dokumente der Datenbrowser auf einmal liest.');
    await page.screenshot({ path: join(PICTURES, 'german-settings.png') });
  });
});
