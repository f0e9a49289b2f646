import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { join } from 'node:path';
import { ScriptedBridge, type IScript } from './scriptedBridge';

/** Where the pictures go; git does not follow them. */
const PICTURES = join(__dirname, '..', '..', 'test-results', 'pictures');

test.use({ autoGoto: false });

async function open(page: IJupyterLabPageFixture, script: IScript, theme: 'light' | 'dark'): Promise<ScriptedBridge> {
  const bridge = new ScriptedBridge(page, script);
  await bridge.install();
  await page.goto();
  if (theme === 'dark') {
    await page.theme.setDarkTheme();
  }
  await page.sidebar.openTab('argon-panel');
  await page.sidebar.setWidth(342, 'left');
  return bridge;
}

for (const theme of ['light', 'dark'] as const) {
  test(`panel of the penguins, ${theme}`, async ({ page, tmpPath }) => {
    await open(page, {}, theme);
    await expect(page.locator('.jp-ArgonGraph-row')).toHaveCount(18);
    await page.screenshot({ path: join(PICTURES, `panel-${theme}.png`) });
  });
}
