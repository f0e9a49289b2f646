/** Finds a browser for the page tests, or gets one. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT, at, program } from './checkout.mjs';
import { run } from './child.mjs';
import { Trouble, explain } from './trouble.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const MAC = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium'
];
const APT_TIMEOUT_MS = 15 * 60_000;

/** Whether this starts: Ubuntu's `chromium-browser` may be a stub that only asks for a snap. */
function starts(command) {
  const answer = spawnSync(command, ['--version'], { encoding: 'utf8', timeout: 60_000 });
  return answer.status === 0 && /chrom/i.test(answer.stdout);
}

/** The browser that Playwright would have installed for itself. */
function playwrights() {
  try {
    const path = createRequire(at('package.json'))('@playwright/test').chromium.executablePath();
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

const onPath = name => {
  const answer = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return answer.status === 0 ? answer.stdout.trim() : undefined;
};

/** A browser that is there already. */
export function findBrowser(env = process.env) {
  const places = [env.ARGON_BROWSER, env.CHROME_PATH, ...NAMES.map(onPath), ...MAC, playwrights()];
  return places.find(path => path && (existsSync(path) || path === env.ARGON_BROWSER) && starts(path));
}

/** Installs Debian's chromium, as root. */
async function fromApt(log) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { log, env, timeoutMs: APT_TIMEOUT_MS };
  const update = await run('apt-get', ['update', '-q'], options);
  const install = await run(
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', 'chromium'],
    options
  );
  return update.output + install.output;
}

/**
 * The path of a browser.
 * @throws {Trouble} when there is none and none can be had
 */
export async function ensureBrowser() {
  const found = findBrowser();
  if (found) {
    return found;
  }
  const log = join(CACHE, 'logs', 'browser.log');
  let output = '';
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    output += await fromApt(log);
    const installed = findBrowser();
    if (installed) {
      return installed;
    }
  }
  const own = await run(
    process.execPath,
    [program('@playwright', 'test', 'cli.js'), 'install', 'chromium-headless-shell', 'chromium'],
    {
      log: join(CACHE, 'logs', 'playwright.log'),
      timeoutMs: APT_TIMEOUT_MS
    }
  );
  output += own.output;
  const last = own.code === 0 ? findBrowser() : undefined;
  if (last) {
    return last;
  }
  throw new Trouble(
    explain(output, { doing: 'installing a browser for the page tests', folder: ROOT }) ??
      'There is no browser for the page tests, and none could be installed. Install Chromium or Chrome (on Debian: `apt install chromium`), or name one in ARGON_BROWSER, and try again.',
    { log }
  );
}
