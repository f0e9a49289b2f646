import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { ScriptedBridge, type IScript } from './scriptedBridge';

/** Opens a page with a scripted bridge, and the panel in it as soon as that has its history. */
export async function openPanel(page: IJupyterLabPageFixture, script: IScript = {}): Promise<ScriptedBridge> {
  const bridge = new ScriptedBridge(page, script);
  await bridge.install();
  await page.goto();
  await command(page, 'argon:show-panel');
  await expect(page.getByRole('treegrid')).toBeVisible();
  return bridge;
}

/** What a shortcut or the palette does. */
export async function command(
  page: IJupyterLabPageFixture,
  id: string,
  args: Record<string, string> = {}
): Promise<void> {
  await page.evaluate(
    async ([name, given]) => {
      await window.jupyterapp.commands.execute(name, given);
    },
    [id, args] as const
  );
}
