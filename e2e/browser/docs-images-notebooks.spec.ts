import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes the pictures of the pages in `docs/`: cells of the tutorials, run in a real kernel against a real bridge.
 * `LOGNAME=ada ARGON_DOCS_IMAGES=1 npx playwright test -c e2e/browser docs-images-notebooks`
 */
const ROOT = join(__dirname, '..', '..');

/** A stand-in for the font of a desktop, which a bare machine does not have. */
const FONT =
  ':root { --jp-ui-font-family: Inter, system-ui !important; --jp-content-font-family: Inter, system-ui !important; }';

interface Picture {
  readonly name: string;
  /** The cells that are shown, each by something that its source holds. */
  readonly cells: readonly string[];
}

const TUTORIALS: Record<string, readonly Picture[]> = {
  branching: [
    {
      name: 'branching-diff',
      cells: ['branch create spring-prices', 'sold_out = ', 'changes = %argon diff']
    },
    { name: 'branching-merge', cells: ['plan = %argon merge'] }
  ],
  cells: [
    {
      name: 'cells-stale',
      cells: ['frame = argon.read', 'stale = %argon stale', 'plan = %argon rerun-plan']
    },
    { name: 'cells-why', cells: ['why = %argon why', '%argon history readings'] }
  ],
  'mlflow-lineage': [
    { name: 'mlflow-compare', cells: ['%argon runs', 'difference = %argon compare'] },
    { name: 'mlflow-affected', cells: ['affected = %argon'] }
  ],
  sandboxes: [{ name: 'sandboxes-cell', cells: ['%%argon sandbox\nsmall'] }]
};

/** The story of the verbs' page, of which the answers are shown; what prepares it is not. */
const VERBS = {
  prepare: [
    '%load_ext argon\n%argon init penguins\nimport argon\ndb = argon.db()',
    "db.penguins.insert_many([{'_id': f'{kind[0]}{n:03}', 'kind': kind, 'mass': str(3000 + 7 * n), 'sex': 'male' if n % 2 else None} for kind in ('Adelie', 'Gentoo') for n in range(1, 61)])\n%argon pin v1-paper main",
    "%argon branch create exp/scale-features --switch --ttl 6d\ndb.penguins.update_many({}, [{'$set': {'mass': {'$toDouble': '$mass'}}}])",
    "%argon checkout main\n%argon branch create clean-nulls --switch\ndb.penguins.update_many({'_id': {'$in': ['A010', 'G028']}}, {'$set': {'sex': 'female'}})\ndb.penguins.delete_one({'_id': 'A004'})",
    "argon.db('main').sources.insert_one({'_id': 'LTER', 'year': 2009})\n%argon branch protect main"
  ],
  shown: [
    '%argon',
    '%argon branch list',
    '%argon diff main',
    '%argon merge exp/scale-features --preview',
    "%%argon sandbox\ndb.penguins.update_many({'mass': '3420'}, {'$set': {'outlier': True}}).modified_count",
    '%argon checkout clean-nuls'
  ]
};

test.use({ autoGoto: false, deviceScaleFactor: 1.5, viewport: { width: 900, height: 1700 } });

/** Opens a notebook and runs it to its end. */
async function openAndRun(page: IJupyterLabPageFixture, name: string, notebook: object): Promise<void> {
  await page.goto();
  await page.contents.uploadContent(JSON.stringify(notebook), 'text', name);
  await page.evaluate(async path => {
    await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
  }, name);
  await page.sidebar.close('left');
  await page.notebook.activate(name);
  await page.evaluate(() => window.jupyterapp.commands.execute('notebook:run-all-cells'));
  await page.notebook.save();
  await page.addStyleTag({ content: FONT });
}

/** Keeps the cells whose sources hold one of these, takes them in both themes, and gives the others back. */
async function take(page: IJupyterLabPageFixture, { name, cells }: Picture): Promise<void> {
  const shown = await page.evaluate(wanted => {
    const all = [...document.querySelectorAll<HTMLElement>('.jp-Notebook .jp-Cell')];
    const model = window.jupyterapp.shell.currentWidget as unknown as {
      content: { widgets: { model: { sharedModel: { getSource(): string } }; node: HTMLElement }[] };
    };
    const kept = model.content.widgets.filter(cell => {
      const source = cell.model.sharedModel.getSource();
      return wanted.some(text => source === text || (text !== '%argon' && source.includes(text)));
    });
    for (const cell of all) {
      cell.style.display = kept.some(one => one.node === cell) ? '' : 'none';
    }
    return kept.length;
  }, cells);
  expect(shown).toBeGreaterThanOrEqual(cells.length);
  await page.locator('.jp-Notebook .jp-WindowedPanel-outer').evaluate(node => node.scrollTo(0, 0));
  await page.mouse.move(890, 1690);
  for (const theme of ['light', 'dark'] as const) {
    await (theme === 'light' ? page.theme.setLightTheme() : page.theme.setDarkTheme());
    await page.waitForTimeout(1_000);
    const boxes = await page.locator('.jp-Notebook .jp-Cell:visible').evaluateAll(nodes =>
      nodes.map(node => {
        const { top, bottom, left, right } = node.getBoundingClientRect();
        return { top, bottom, left, right };
      })
    );
    const top = Math.min(...boxes.map(box => box.top)) - 4;
    const bottom = Math.max(...boxes.map(box => box.bottom)) + 8;
    const x = Math.min(...boxes.map(box => box.left));
    const right = Math.max(...boxes.map(box => box.right));
    await page.screenshot({
      path: join(ROOT, 'docs', 'images', `${name}-${theme}.png`),
      clip: { x, y: top, width: right - x, height: bottom - top }
    });
  }
}

for (const [name, pictures] of Object.entries(TUTORIALS)) {
  test(`pictures of ${name}`, async ({ page }) => {
    test.setTimeout(300_000);
    const notebook = JSON.parse(readFileSync(join(ROOT, 'binder', `${name}.ipynb`), 'utf8')) as object;
    await openAndRun(page, `${name}.ipynb`, notebook);
    for (const picture of pictures) {
      await take(page, picture);
    }
  });
}

test('picture of the verbs', async ({ page }) => {
  test.setTimeout(300_000);
  const cells = [...VERBS.prepare, ...VERBS.shown].map((source, index) => ({
    cell_type: 'code',
    id: `verbs-${index}`,
    metadata: {},
    execution_count: null,
    outputs: [],
    source
  }));
  const metadata = {
    kernelspec: { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' }
  };
  await openAndRun(page, 'verbs.ipynb', { nbformat: 4, nbformat_minor: 5, metadata, cells });
  await take(page, { name: 'magics', cells: VERBS.shown });
});
