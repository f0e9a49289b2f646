import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { join } from 'node:path';
import type { Branch, CellActivity } from '../../extension/client/protocol';
import { PENGUINS_NOTEBOOK } from './penguinsNotebook';
import { PenguinsMerge } from './penguinsViews';
import { ScriptedBridge, type IScript } from './scriptedBridge';
import { PICTURES } from './places';
import { FONT, shootThemes } from './themes';

const NOTEBOOK = '02-clean-nulls.ipynb';
const THEMES = ['light', 'dark'] as const;

test.use({ autoGoto: false, deviceScaleFactor: 2 });

async function open(
  page: IJupyterLabPageFixture,
  script: IScript,
  theme: (typeof THEMES)[number]
): Promise<ScriptedBridge> {
  const bridge = new ScriptedBridge(page, script);
  await bridge.install();
  await page.goto();
  if (theme === 'dark') {
    await page.theme.setDarkTheme();
  }
  await page.addStyleTag({ content: FONT });
  await page.sidebar.openTab('argon-panel');
  await page.sidebar.setWidth(353, 'left');
  return bridge;
}

/** Opens the notebook of the pictures and lets its kernel have the story's session. */
async function openNotebook(
  page: IJupyterLabPageFixture,
  bridge: ScriptedBridge,
  tmpPath: string
): Promise<void> {
  const path = `${tmpPath}/${NOTEBOOK}`;
  await page.contents.uploadContent(JSON.stringify(PENGUINS_NOTEBOOK), 'text', path);
  await page.evaluate(async opened => {
    await window.jupyterapp.commands.execute('docmanager:open', { path: opened, factory: 'Notebook' });
  }, path);
  await page.notebook.activate(NOTEBOOK);
  const kernel = await page.waitForFunction(() => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext?: { session?: { kernel?: { id: string } } };
    };
    return widget.sessionContext?.session?.kernel?.id;
  });
  const id = (await kernel.jsonValue()) as string;
  bridge.script = { ...bridge.script, kernel: id, notebook: path };
  const [session] = bridge.story.sessions;
  bridge.tell({ type: 'session', op: 'open', session: { ...session!, kernel: id, notebook: path } });
  for (const activity of activities()) {
    bridge.tell({ type: 'cell', session: session!.id, activity });
  }
}

function activities(): CellActivity[] {
  const read = (lsn: number, documents: number) => [
    {
      ref: `clean-nulls@${lsn}`,
      collection: 'penguins',
      documents,
      lsn,
      branch: 'clean-nulls',
      digest: '7c1e0b94'
    }
  ];
  const cell = (n: number, part: Partial<CellActivity>): CellActivity => ({
    cell: `c${n}`,
    cellNumber: n,
    startedAt: new Date().toISOString(),
    reads: [],
    writes: [],
    runs: [],
    ...part
  });
  const wrote = (collection: string, firstLsn: number, lastLsn: number, counts: [number, number, number]) => {
    const [inserts, updates, deletes] = counts;
    return { branch: 'clean-nulls', collection, firstLsn, lastLsn, inserts, updates, deletes };
  };
  return [
    cell(2, { reads: read(949, 344) }),
    cell(3, { writes: [wrote('penguins', 1193, 1201, [0, 9, 0])] }),
    cell(4, { writes: [wrote('penguins', 1202, 1203, [0, 0, 2]), wrote('sources', 1204, 1204, [1, 0, 0])] }),
    cell(5, { reads: read(1204, 342), runs: ['run-rf-clean'] })
  ];
}

for (const theme of THEMES) {
  test(`the window, ${theme}`, async ({ page, tmpPath }) => {
    const bridge = await open(page, {}, theme);
    await openNotebook(page, bridge, tmpPath);
    for (const entry of [bridge.story.entries[3]!, bridge.story.entries[2]!]) {
      bridge.tell({ type: 'commit', project: 'penguins', branch: 'clean-nulls', lsn: entry.lastLsn, entry });
    }
    await page.notebook.selectCells(4);
    await expect(page.locator('.jp-ArgonGraph-row')).toHaveCount(18);
    await expect(page.locator('.jp-ArgonBadge')).toHaveCount(6);
    await page.screenshot({ path: join(PICTURES, `window-${theme}.png`) });
    await page.locator('.jp-mod-stale .jp-ArgonBadge-open').click();
    await page.getByRole('dialog', { name: 'What cell [2] did to data' }).waitFor();
    await expect(page.getByRole('dialog')).toContainText('12 changes since it read its data.');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^wrote 1202–1204/ }).click();
    await expect(page.getByRole('dialog')).toContainText('All of it stands.');
    await forDocs(page, 'cells-badge', theme, await aroundPopUp(page));
    await page.keyboard.press('Escape');
    await page.locator('.jp-ArgonGraph-row').nth(2).click();
    await page.locator('.jp-ArgonDetails').waitFor();
    await expect(page.locator('.jp-ArgonDetails')).toContainText('2 deletes, 1 insert');
    await forDocs(page, 'panel', theme);
    await page.locator('.jp-ArgonBranchButton-button').click();
    await page.locator('.jp-ArgonPicker-row').first().waitFor();
    await page.screenshot({ path: join(PICTURES, `picker-${theme}.png`) });
  });
}

/** Pictures of the whole window for the docs; the test in the light theme takes those of all themes. */
async function forDocs(
  page: IJupyterLabPageFixture,
  name: string,
  theme: (typeof THEMES)[number],
  clip?: Parameters<typeof shootThemes>[2]
): Promise<void> {
  if (theme === 'light') {
    await shootThemes(page, name, clip);
  } else {
    await page.screenshot({ path: join(PICTURES, `${name}-${theme}.png`) });
  }
}

/** The cells of the notebook around the pop-up of one. */
async function aroundPopUp(page: IJupyterLabPageFixture): Promise<Parameters<typeof shootThemes>[2]> {
  const box = (await page.locator('.jp-ArgonCellPopUp').boundingBox())!;
  const cells = (await page.locator('.jp-Notebook').boundingBox())!;
  const top = Math.max(cells.y, box.y - 150);
  const height = Math.min(cells.y + cells.height, box.y + box.height + 16) - top;
  return { x: cells.x + 40, y: top, width: cells.width - 40, height };
}

/** A picture of the panel alone. */
async function shoot(page: IJupyterLabPageFixture, name: string): Promise<void> {
  await page.locator('#argon-panel').screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** Pictures of the panel alone for the docs. */
async function panelForDocs(
  page: IJupyterLabPageFixture,
  name: string,
  theme: (typeof THEMES)[number]
): Promise<void> {
  await forDocs(page, name, theme, (await page.locator('#argon-panel').boundingBox())!);
}

for (const theme of THEMES) {
  test(`states, ${theme}`, async ({ page }) => {
    const story = { entries: [], timelines: [], branches: [], pins: [], runs: [], sessions: [] };
    const first = await open(page, { projects: [], story }, theme);
    await expect(page.getByRole('heading', { name: 'Create your first project' })).toBeVisible();
    await shoot(page, `state-1-first-run-${theme}`);
    await page.getByRole('button', { name: 'Create project…' }).click();
    await shoot(page, `state-1-create-${theme}`);
    first.script = { info: { state: 'starting', message: 'The bridge is starting.', log: [] } };
    await first.kill();
    await page.reload();
    await page.sidebar.openTab('argon-panel');
    await expect(page.getByRole('heading', { name: 'Starting the bridge' })).toBeVisible();
    await shoot(page, `state-2-starting-${theme}`);
    const missing = 'Node.js 20 or newer was not found on this server, so the bridge could not start.';
    first.script = {
      info: { state: 'missing', message: missing, code: 'BRIDGE_NODE_MISSING', log: ['no node'] }
    };
    await expect(page.getByRole('heading', { name: 'The bridge is not running' })).toBeVisible();
    await expect(page.getByText('pip install "jupyterlab-argon[node]"')).toBeVisible();
    await page.getByRole('button', { name: 'Show log' }).click();
    await expect(page.getByText('no node')).toBeVisible();
    await panelForDocs(page, 'panel-missing', theme);
  });

  test(`a lost connection and another version, ${theme}`, async ({ page, tmpPath }) => {
    const bridge = await open(page, {}, theme);
    await openNotebook(page, bridge, tmpPath);
    await expect(page.locator('.jp-ArgonGraph-row')).toHaveCount(18);
    await bridge.kill();
    await expect(page.getByText('Connection to the bridge lost.')).toBeVisible();
    await page.waitForTimeout(3_000);
    await expect(page.locator('.jp-ArgonGraph-row').first()).toBeVisible();
    await shoot(page, `state-4-reconnecting-${theme}`);
    bridge.isDown = false;
    bridge.script = { ...bridge.script, hello: { readOnly: true, protocol: 2 } };
    await page.getByRole('button', { name: 'Try now' }).click();
    await expect(page.getByText('Read-only: bridge protocol 2, this page 1.')).toBeVisible();
    await shoot(page, `state-5-read-only-${theme}`);
  });

  test(`search, history gone and the slider, ${theme}`, async ({ page, tmpPath }) => {
    const many = Array.from({ length: 10_000 }, (_, n): Branch => {
      const at = new Date(Date.now() - (n + 2) * 3_600_000).toISOString();
      const name =
        n % 263 === 0
          ? `sweep/scale-${String(n).padStart(4, '0')}`
          : `sweep/lr-${String(n).padStart(4, '0')}`;
      const facts = {
        timeline: 100 + n,
        head: 949,
        isDefault: false,
        isProtected: false,
        ahead: 1032,
        behind: 3
      };
      return { name, headAt: at, createdAt: at, ...facts };
    });
    const gone = () => {
      throw Object.assign(new Error('It lies below the GC horizon, LSN 949.'), { code: 'HISTORY_GONE' });
    };
    const bridge = await open(
      page,
      { moreBranches: many, horizon: 949, answers: { 'ref.resolve': gone } },
      theme
    );
    await openNotebook(page, bridge, tmpPath);
    await page.getByPlaceholder('Filter by branch').fill('scale');
    await expect(page.getByText('of 10,004')).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await panelForDocs(page, 'panel-search', theme);
    await page.getByPlaceholder('Filter by branch').fill('main@200');
    await expect(page.getByText('main@200 is no longer kept')).toBeVisible();
    await shoot(page, `state-6-history-gone-${theme}`);
    await page.getByPlaceholder('Filter by branch').fill('');
    await page.getByRole('slider').focus();
    await page.keyboard.press('PageDown');
    await page.keyboard.press('PageDown');
    await expect(page.getByText('Looking at clean-nulls@949')).toBeVisible();
    await panelForDocs(page, 'panel-past', theme);
    await page.sidebar.setWidth(250, 'left');
    await shoot(page, `narrow-${theme}`);
  });
}

for (const theme of THEMES) {
  test(`diff and merge, ${theme}`, async ({ page, tmpPath }) => {
    const merge = new PenguinsMerge();
    const bridge = await open(page, { answers: merge.answers }, theme);
    await openNotebook(page, bridge, tmpPath);
    await page.getByRole('button', { name: 'Diff with main' }).click();
    await expect(page.getByText('12 of 349 documents differ')).toBeVisible();
    await page.getByRole('treeitem', { name: /G027/ }).click();
    await expect(page.getByText('imputed.neighbours[0]')).toBeVisible();
    await expect(page.getByText('3 documents were also changed on main')).toBeVisible();
    await expect(page.getByText('On clean-nulls changed once since the fork:')).toBeVisible();
    await expect(page.getByText('On main not changed.')).toBeVisible();
    await page.sidebar.close('left');
    await forDocs(page, 'diff', theme);
    await page.getByRole('button', { name: 'Merge into main…' }).click();
    await expect(page.getByText('0 of 7 answered')).toBeVisible();
    await expect(page.getByText('Apply needs 7 more answers.')).toBeVisible();
    await page.getByRole('radio', { name: 'ours: "male"' }).click();
    await page.getByRole('button', { name: 'Own value (E)' }).nth(1).click();
    await page.getByRole('textbox', { name: 'Own value' }).fill('confirmed-dna');
    await page.keyboard.press('Enter');
    await expect(page.getByText('2 of 7 answered')).toBeVisible();
    await expect(page.locator('.jp-ArgonResult')).toContainText('status: "confirmed-dna"');
    const lastAt = new Date(Date.now() - 60_000).toISOString();
    const moved = { ...bridge.story.entries[4]!, branch: 'main', firstLsn: 1893, lastLsn: 1893, lastAt };
    bridge.commit({ ...moved, updates: 1 });
    await expect(page.getByText('main moved from 1192 to 1893.')).toBeVisible();
    await expect(page.getByText('lin changed penguins / C012.')).toBeVisible();
    await expect(page.getByText('No conflict is touched, and your 2 answers are kept.')).toBeVisible();
    await expect(page.getByText('Apply needs 5 more answers and an updated plan.')).toBeVisible();
    await forDocs(page, 'merge', theme);
    await page.getByRole('button', { name: 'Update plan to main@1893' }).click();
    await expect(page.getByText('2 answers were kept')).toBeVisible();
    await page.getByRole('tree', { name: 'Conflicts' }).focus();
    for (let n = 0; n < 5; n++) {
      await page.keyboard.press('2');
    }
    await expect(page.getByText('7 of 7 answered')).toBeVisible();
    await page.getByRole('button', { name: 'Apply merge' }).click();
    await expect(page.getByText('Applied to main as LSN 1893–1904.')).toBeVisible();
  });
}
