import { expect, test, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { PenguinsLineage } from './penguinsLineage';
import { ScriptedBridge } from './scriptedBridge';
import { PICTURES } from './places';
import { FONT, shootThemes } from './themes';

/** Names that would do harm as markup, and letters that fonts and formats stumble over. */
const HOSTILE = '<img src=x onerror="window.__hurt=1">&amp;"\'</text><script>window.__hurt=1</script>';
const FOREIGN = 'ペンギン-モデル ✓ 🐧';

test.use({ autoGoto: false, deviceScaleFactor: 1.5, viewport: { width: 1440, height: 900 } });

async function open(
  page: IJupyterLabPageFixture,
  story: PenguinsLineage,
  args: Record<string, string> = {}
): Promise<ScriptedBridge> {
  const bridge = new ScriptedBridge(page, {
    answers: {
      'lineage.graph': params => story.graph(params),
      diff: ({ from, to }) => story.diff(from, to)
    }
  });
  await bridge.install();
  await page.goto();
  await page.addStyleTag({ content: FONT });
  await page.sidebar.openTab('argon-panel');
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.sidebar.close('left');
  await page.evaluate(async given => {
    await window.jupyterapp.commands.execute('argon:lineage', given);
  }, args);
  await expect(page.locator('.jp-ArgonLineage')).toBeVisible();
  return bridge;
}

const node = (page: IJupyterLabPageFixture, name: string | RegExp) =>
  page.locator('.jp-ArgonLineage-drawing').getByRole('button', { name });

test('the path from data to model stands out, in three themes', async ({ page }) => {
  await open(page, new PenguinsLineage(), { run: 'rf' });
  await expect(node(page, /^run rf-clean/)).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('.jp-ArgonLineage-node.jp-mod-path')).toHaveCount(4);
  await expect(page.locator('.jp-ArgonLineage-side')).toContainText('differs by 14 documents');
  await page.mouse.move(600, 780);
  await shootThemes(page, 'lineage');
});

test('by keyboard alone: every node is reached, selected, focused and compared', async ({ page }) => {
  await open(page, new PenguinsLineage());
  const drawing = page.locator('.jp-ArgonLineage-drawing');
  await expect(drawing.getByRole('button')).toHaveCount(22);
  await expect(drawing.locator('[tabindex="0"]')).toHaveCount(1);
  await node(page, /^data exp\/scale-features@1892/).focus();
  const at = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  const reached = new Set<string>();
  for (const column of [0, 1, 2, 3]) {
    await page.keyboard.press('Home');
    for (let step = 0; step < column; step++) {
      await page.keyboard.press('ArrowRight');
    }
    if (column === 3) {
      await node(page, /^model .*version 4/).focus();
    }
    for (let up = 0; up < 8; up++) {
      await page.keyboard.press('ArrowUp');
    }
    for (let down = 0; down < 8; down++) {
      reached.add(await at());
      await page.keyboard.press('ArrowDown');
    }
    reached.add(await at());
  }
  expect(reached.size).toBe(22);
  await node(page, /^run rf-clean/).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('.jp-ArgonLineage-side h2').first()).toContainText('rf-clean');
  await page.keyboard.press('Home');
  expect(await at()).toMatch(/^data clean-nulls@1204/);
  await page.keyboard.press('End');
  expect(await at()).toMatch(/^(run gb-clean|model penguin-species, version 4)/);
  await node(page, /^run rf-clean/).focus();
  await page.keyboard.press('f');
  await expect(drawing.getByRole('button')).toHaveCount(4);
  expect(await at()).toMatch(/^run rf-clean/);
  await page.keyboard.press('Escape');
  await expect(drawing.getByRole('button')).toHaveCount(22);
  await node(page, /^run gb-clean/).focus();
  await page.keyboard.press('Shift+F10');
  const menu = page.locator('.jp-ArgonMenu');
  await expect(menu).toBeVisible();
  await menu.getByText('Compare with the Selected Run').click();
  await expect(page.locator('.jp-ArgonLineage-side')).toContainText('The same data: the digests are equal');
});

test('searches, filters by branch, and says what nothing means', async ({ page }) => {
  const story = new PenguinsLineage();
  await open(page, story);
  const drawing = page.locator('.jp-ArgonLineage-drawing');
  const search = page.getByLabel('Find by branch, LSN range, run or model');
  await search.fill('300..700');
  await expect(drawing.locator('.jp-mod-run')).toHaveCount(3);
  await search.fill('rf-');
  await expect(drawing.locator('.jp-mod-run')).toHaveCount(2);
  await search.fill('nobody');
  await expect(page.getByText('No run fits')).toBeVisible();
  await page.getByRole('button', { name: 'Show everything' }).click();
  await expect(drawing.locator('.jp-mod-run')).toHaveCount(7);
  await page.locator('.jp-ArgonBar select').selectOption('clean-nulls');
  await expect(drawing.locator('.jp-mod-run')).toHaveCount(2);
});

test('shows what is being written and what comes, without losing the place', async ({ page }) => {
  const story = new PenguinsLineage();
  const bridge = await open(page, story, { run: 'rf' });
  const [entry] = bridge.story.entries;
  await expect(node(page, /^run rf-clean/)).toHaveAttribute('aria-pressed', 'true');
  const origin = { actor: 'ada', notebook: '02-clean-nulls.ipynb', cell: 'c6', cellNumber: 6 };
  bridge.tell({
    type: 'commit',
    project: 'penguins',
    branch: 'clean-nulls',
    lsn: 1210,
    entry: {
      ...entry!,
      branch: 'clean-nulls',
      firstLsn: 1208,
      lastLsn: 1210,
      inserts: 3,
      updates: 0,
      deletes: 0,
      origin
    }
  });
  const foot = page.locator('.jp-ArgonLineage-foot');
  await expect(foot).toContainText(
    'Being written now: clean-nulls@1210, 3 changes by 02-clean-nulls.ipynb cell [6]'
  );
  await expect(page.locator('.jp-ArgonLineage-node.jp-mod-writing')).toHaveCount(1);
  const glyph = page.locator('.jp-ArgonLineage-node.jp-mod-writing .jp-ArgonLineage-glyph');
  const moves = () => glyph.evaluate(element => getComputedStyle(element).animationName);
  expect(await moves()).toBe('jp-argon-lineage-pulse');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await moves()).toBe('none');
  story.runs = [
    { ...story.runs[1]!, id: 'new', name: 'gb-again', cell: 4, agoHours: 0, status: 'RUNNING' },
    ...story.runs
  ];
  bridge.tell({ type: 'run', project: 'penguins', run: 'new' });
  await expect(node(page, /^run gb-again, running/)).toBeVisible();
  await expect(page.locator('.jp-ArgonLineage-node.jp-mod-fresh')).toHaveCount(1);
  await expect(node(page, /^run rf-clean/)).toHaveAttribute('aria-pressed', 'true');
  await expect(foot).not.toContainText('Being written', { timeout: 8_000 });
});

test('a thousand runs: sweeps fold, pages follow, little of it is in the page', async ({ page }) => {
  const story = new PenguinsLineage();
  const model = story.runs[2]!;
  story.runs = Array.from({ length: 1_200 }, (_, n) => ({
    ...model,
    id: `run${n}`,
    name: `trial-${n}`,
    version: undefined as never,
    place: ['clean-nulls', 4, 2_000 - Math.floor(n / 4)] as const,
    cell: n % 2,
    agoHours: n / 10
  }));
  story.runs = story.runs.map(({ version: _, ...run }) => run);
  await open(page, story);
  const drawing = page.locator('.jp-ArgonLineage-drawing');
  await expect(page.getByText('200 of 1,200 runs')).toBeVisible();
  for (const runs of [400, 600, 800, 1_000]) {
    await page.getByRole('button', { name: /^Show older runs/ }).click();
    await expect(page.getByText(`${runs.toLocaleString('en-US')} of 1,200 runs`)).toBeVisible();
  }
  await expect(page.getByText('The newest 1,000 runs are drawn')).toBeVisible();
  expect(await drawing.locator('.jp-ArgonLineage-node').count()).toBeLessThan(120);
  const scroller = page.locator('.jp-ArgonLineage-scroller');
  const scrolled = await scroller.evaluate(async element => {
    const nodes = () => [...element.querySelectorAll('.jp-ArgonLineage-node')];
    const frames: { readonly ms: number; readonly nodes: number; readonly elements: number }[] = [];
    const first = new Set(nodes());
    let last = performance.now();
    for (let at = 0; at < 60; at++) {
      element.scrollTop += 400;
      await new Promise(requestAnimationFrame);
      const ms = performance.now() - last;
      frames.push({ ms, nodes: nodes().length, elements: element.querySelectorAll('*').length });
      last = performance.now();
    }
    return {
      p95: frames.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(frames.length * 0.95)]!,
      nodes: Math.max(...frames.map(frame => frame.nodes)),
      elements: Math.max(...frames.map(frame => frame.elements)),
      left: nodes().filter(node => first.has(node)).length,
      top: element.scrollTop
    };
  });
  test.info().annotations.push({ type: 'p95 of a frame', description: `${scrolled.p95.toFixed(1)} ms` });
  console.log(`lineage of 1,000 runs: p95 of a frame while scrolling ${scrolled.p95.toFixed(1)} ms`);
  expect(scrolled.top).toBeGreaterThan(10_000);
  // What a frame costs: however far one has scrolled, no more is in the page than what is near.
  expect(scrolled.nodes).toBeLessThan(120);
  expect(scrolled.elements).toBeLessThan(2_000);
  story.runs = story.runs.map(run => ({ ...run, place: model.place, cell: 1 }));
  await page.locator('.jp-ArgonBar select').selectOption('clean-nulls');
  await expect(node(page, /^folded runs 995 older runs/)).toBeVisible();
  await node(page, /^folded runs/).click();
  await expect(drawing.locator('.jp-ArgonLineage-node')).not.toHaveCount(0);
  await expect(node(page, /^run trial-5,/)).toBeVisible();
});

for (const format of ['svg', 'png', 'pdf'] as const) {
  test(`the drawing is saved as ${format}, with its facts, and names stay text`, async ({ page }) => {
    const story = new PenguinsLineage();
    story.runs = story.runs.map((run, n) =>
      n === 2 ? { ...run, name: HOSTILE } : n === 3 ? { ...run, name: FOREIGN } : run
    );
    await open(page, story, { run: 'rf' });
    await expect(page.locator('.jp-ArgonLineage-side h2').first()).toContainText('<img src=x');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: format.toUpperCase(), exact: true }).click()
    ]);
    expect(download.suggestedFilename()).toBe(`penguins-lineage.${format}`);
    const path = join(PICTURES, `lineage-export.${format}`);
    await download.saveAs(path);
    const file = readFileSync(path);
    const facts = JSON.parse(factsIn(format, file)) as {
      project: string;
      head: number;
      generator: string;
      exportedAt: string;
      states: { lsn: number; digest: string }[];
      runs: { id: string; name: string; digest: string }[];
    };
    expect(facts).toMatchObject({ project: 'penguins', head: 1892 });
    expect(facts.generator).toMatch(/^Argon \d/);
    expect(Date.parse(facts.exportedAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(facts.states.map(({ lsn }) => lsn)).toEqual([1892, 1204, 949, 697, 353]);
    expect(facts.runs.find(({ id }) => id === 'rf')).toMatchObject({
      name: HOSTILE,
      digest: '7c1e0b949d26f58e'
    });
    expect(facts.runs.find(({ id }) => id === 'relabel')).toMatchObject({ name: FOREIGN });
    if (format === 'svg') {
      // Opened as a document of its own, as a browser does that is given the file.
      const seen = await page.evaluate(text => {
        const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
        return {
          error: parsed.querySelector('parsererror') !== null,
          names: [...new Set([...parsed.querySelectorAll('*')].map(({ localName }) => localName))],
          handlers: [...parsed.querySelectorAll('*')].flatMap(({ attributes }) =>
            [...attributes].filter(({ name, value }) => /^on|href/i.test(name) || /javascript:/i.test(value))
          ).length
        };
      }, file.toString('utf8'));
      expect(seen).toMatchObject({ error: false, handlers: 0 });
      expect(seen.names.sort()).toEqual(['desc', 'g', 'metadata', 'path', 'rect', 'svg', 'text', 'title']);
    }
    if (format === 'pdf') {
      const text = textOfPdf(file);
      expect(file.toString('latin1')).not.toMatch(/\/(JavaScript|JS|Launch|URI|SubmitForm)\b/);
      for (const word of ['gb-clean', 'penguin-species', 'v1-paper', 'clean-nulls@1204']) {
        expect(text).toContain(word);
      }
      // The one picture is the name that no built-in font can write; all else are lines and text.
      expect(file.toString('latin1').match(/\/Subtype \/Image/g)?.length).toBeLessThanOrEqual(2);
    }
    if (format === 'png') {
      expect(file.readUInt32BE(16)).toBeGreaterThan(1_900);
    }
    expect(await page.evaluate(() => '__hurt' in window)).toBe(false);
  });
}

/** The facts in a file's metadata, read as any reader of the format would. */
function factsIn(format: 'svg' | 'png' | 'pdf', file: Buffer): string {
  const decode = (text: string) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&apos;', "'")
      .replaceAll('&amp;', '&');
  switch (format) {
    case 'svg':
      return decode(/<metadata[^>]*>([^<]*)<\/metadata>/.exec(file.toString('utf8'))![1]!);
    case 'pdf':
      return decode(/<jspdf:metadata>([^<]*)<\/jspdf:metadata>/.exec(file.toString('latin1'))![1]!);
    case 'png':
      for (let at = 8; at < file.length;) {
        const length = file.readUInt32BE(at);
        if (file.toString('latin1', at + 4, at + 8) === 'iTXt') {
          const data = file.subarray(at + 8, at + 8 + length);
          const keyword = data.indexOf(0);
          expect(data.toString('latin1', 0, keyword)).toBe('argon-lineage');
          return data.toString('utf8', keyword + 5);
        }
        at += 12 + length;
      }
      throw new Error('the PNG has no iTXt chunk');
  }
}

/** All text that the pages of a PDF show. */
function textOfPdf(file: Buffer): string {
  let text = '';
  for (let at = file.indexOf('stream\n'); at >= 0; at = file.indexOf('stream\n', at + 1)) {
    const end = file.indexOf('endstream', at);
    try {
      const content = inflateSync(file.subarray(at + 7, end)).toString('latin1');
      text += [...content.matchAll(/\(((?:\\.|[^\\)])*)\)\s*Tj/g)].map(found => found[1]).join('\n');
    } catch {
      // A stream that is not deflated is no page.
    }
  }
  return text;
}
