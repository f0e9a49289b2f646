import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DOCS_IMAGES, SHOWN } from './places';

/** The themes that every view is looked at in. */
export const THEMES = {
  light: 'JupyterLab Light',
  dark: 'JupyterLab Dark',
  contrast: 'JupyterLab Dark High Contrast'
} as const;

/** A stand-in for the font of a desktop, which a bare machine does not have. */
export const FONT =
  ':root { --jp-ui-font-family: Inter, system-ui !important; --jp-content-font-family: Inter, system-ui !important; }';

/** Changes the theme, and waits as long as it takes until its colours are there. */
export async function setTheme(page: IJupyterLabPageFixture, theme: string): Promise<void> {
  await page.evaluate(async name => {
    await window.jupyterapp.commands.execute('apputils:change-theme', { theme: name });
  }, theme);
  await page.waitForFunction(name => document.body.dataset['jpThemeName'] === name, theme);
  await page.evaluate(settled);
}

/** Takes a picture for the docs in each theme, of a part of the window or all of it, and goes back to the light one. */
export async function shootThemes(
  page: IJupyterLabPageFixture,
  name: string,
  clip?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
): Promise<void> {
  // Beside the menus: what is hovered looks different.
  await page.mouse.move(900, 10);
  for (const [short, theme] of Object.entries(THEMES)) {
    await setTheme(page, theme);
    const path = join(SHOWN, `${name}-${short}.png`);
    await page.screenshot({ path, ...(clip === undefined ? {} : { clip }) });
    if (SHOWN === DOCS_IMAGES) {
      const python = join(__dirname, '..', '..', '.venv', 'bin', 'python');
      execFileSync(python, [join(__dirname, 'smaller_png.py'), path]);
    }
  }
  await setTheme(page, THEMES.light);
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
