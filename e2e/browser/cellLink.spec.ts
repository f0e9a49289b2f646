import { expect, test } from '@jupyterlab/galata';
import { Penguins } from '../../extension/testing/penguins';
import { openPanel } from './opened';
import { PENGUINS_NOTEBOOK } from './penguinsNotebook';

test.use({ autoGoto: false });

test('the link to a cell finds it, though its notebook was renamed after the cell had run', async ({
  page,
  tmpPath
}) => {
  const told = `${tmpPath}/02-clean-nulls.ipynb`;
  const renamed = `${tmpPath}/09-renamed.ipynb`;
  const story = Penguins.story(Date.now());
  const entries = story.entries.map(entry =>
    entry.origin.notebook === '02-clean-nulls.ipynb'
      ? { ...entry, origin: { ...entry.origin, notebook: told } }
      : entry
  );
  await openPanel(page, { story: { ...story, entries } });
  await page.contents.uploadContent(JSON.stringify(PENGUINS_NOTEBOOK), 'text', told);
  await page.evaluate(async path => {
    await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
  }, told);
  await page.notebook.activate('02-clean-nulls.ipynb');
  await expect(page.locator('.jp-Notebook .jp-Cell')).toHaveCount(PENGUINS_NOTEBOOK.cells.length);
  await page.evaluate(([from, to]) => window.jupyterapp.serviceManager.contents.rename(from, to), [
    told,
    renamed
  ] as const);
  const tab = (name: string) => page.locator('#jp-main-dock-panel .lm-TabBar-tab', { hasText: name });
  await expect(tab('09-renamed.ipynb')).toHaveCount(1);
  await page.locator('.jp-ArgonGraph-row').nth(2).click();
  await page
    .locator('.jp-ArgonDetails')
    .getByRole('button', { name: '02-clean-nulls.ipynb cell [4]' })
    .click();
  const active = () =>
    page.evaluate(() => {
      const widget = window.jupyterapp.shell.currentWidget as unknown as {
        context?: { path: string };
        content?: { activeCell?: { model: { id: string } } };
      } | null;
      return [widget?.context?.path, widget?.content?.activeCell?.model.id];
    });
  await expect.poll(active).toEqual([renamed, 'c4']);
  await expect(tab('02-clean-nulls.ipynb')).toHaveCount(0);
});
