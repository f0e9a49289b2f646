import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PICTURES } from './places';
import { setTheme, THEMES } from './themes';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

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
