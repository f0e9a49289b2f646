import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PICTURES } from './places';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const THEMES = {
  light: 'JupyterLab Light',
  dark: 'JupyterLab Dark',
  contrast: 'JupyterLab Dark High Contrast'
} as const;

/** What axe-core tells of one rule. */
interface IViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/**
 * What axe-core finds serious or critical in a part of the page, in all three themes. With `picture`, each theme
 * leaves one with that name.
 */
export async function seriousProblems(
  page: IJupyterLabPageFixture,
  part: string,
  picture?: string
): Promise<string[]> {
  const found: string[] = [];
  await page.evaluate(AXE);
  for (const [short, theme] of Object.entries(THEMES)) {
    await setTheme(page, theme);
    const problems = await page.evaluate(async selector => {
      const { axe } = window as unknown as {
        axe: { run(context: string, options: object): Promise<{ violations: IViolation[] }> };
      };
      const { violations } = await axe.run(selector, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) =>
          nodes
            .slice(0, 3)
            .map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`)
        );
    }, part);
    found.push(...problems.map(problem => `${theme}: ${problem}`));
    if (picture !== undefined) {
      await page.screenshot({ path: join(PICTURES, `${picture}-${short}.png`) });
    }
  }
  await setTheme(page, THEMES.light);
  return found;
}

/** Changes the theme, and waits as long as it takes until its colours are there. */
async function setTheme(page: IJupyterLabPageFixture, theme: string): Promise<void> {
  await page.evaluate(async name => {
    await window.jupyterapp.commands.execute('apputils:change-theme', { theme: name });
  }, theme);
  await page.waitForFunction(name => document.body.dataset['jpThemeName'] === name, theme);
  await page.evaluate(settled);
}

/** Resolves when nothing moves and the colours of a new theme are there. */
async function settled(): Promise<void> {
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  await document.fonts.ready;
  await frame();
  await frame();
  // Transitions that were begun by the new colours; endless animations never finish, so they are not waited for.
  const ending = document
    .getAnimations()
    .filter(animation => Number.isFinite(animation.effect?.getComputedTiming().endTime as number));
  await Promise.allSettled(ending.map(animation => animation.finished));
  await frame();
}

/** Names of what Tab reaches inside a part of the page, in the order of the document. */
export function tabStops(page: IJupyterLabPageFixture, part: string): Promise<string[]> {
  return page.evaluate(selector => {
    const inside = [...document.querySelectorAll<HTMLElement>(selector)].flatMap(root => [
      root,
      ...root.querySelectorAll<HTMLElement>('*')
    ]);
    return inside
      .filter(element => element.tabIndex >= 0 && element.getClientRects().length > 0)
      .filter(element => !(element as HTMLButtonElement).disabled && element.closest('[inert]') === null)
      .map(
        element =>
          `${element.getAttribute('role') ?? element.tagName.toLowerCase()} ` +
          (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)
      );
  }, part);
}
