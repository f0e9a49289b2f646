import { expect, test } from '@jupyterlab/galata';
import { ScriptedBridge } from './scriptedBridge';

test.use({ autoGoto: false });

test('new entries wait while somebody points at the graph, not while a pointer was left there', async ({
  page
}) => {
  const bridge = new ScriptedBridge(page);
  await bridge.install();
  await page.goto();
  await page.sidebar.openTab('argon-panel');
  const rows = page.getByRole('treegrid').getByRole('row');
  await expect(rows).toHaveCount(18);
  await rows.nth(3).hover();
  const newest = bridge.story.entries[0]!;
  const entry = { ...newest, firstLsn: 1893, lastLsn: 1893, origin: { actor: 'zoe' } };
  const branch = 'exp/scale-features';
  bridge.tell({ type: 'commit', project: 'penguins', branch, lsn: 1893, entry });
  const strip = page.getByRole('button', { name: '1 new entry' });
  await expect(strip).toBeVisible();
  await expect(rows).toHaveCount(18);
  await expect(strip).toBeHidden();
  await expect(rows).toHaveCount(19);
});
