/** What `npm start` does, step by step. */
import { existsSync } from 'node:fs';
import { DATA, ROOT, at } from '../setup/checkout.mjs';
import { finish, stopWithUs } from '../setup/child.mjs';
import { setUp, version } from '../setup/setup.mjs';
import { Trouble, report } from '../setup/trouble.mjs';
import { prepareData, temporaryData } from './data.mjs';
import { runHeadless } from './headless.mjs';
import { runLab } from './lab.mjs';
import { HELP, parseOptions } from './options.mjs';
import { requirePort } from './port.mjs';

async function prepare() {
  console.log(`Argon ${version()}\n`);
  await setUp();
}

async function start(options) {
  if (options.mode === 'help') {
    console.log(HELP);
    return 0;
  }
  if (options.mode !== 'setup' && !existsSync(at(options.notebook))) {
    throw new Trouble(`There is no notebook ${options.notebook} in ${ROOT}.`);
  }
  if (options.mode === 'setup') {
    await prepare();
    return 0;
  }
  // What a person has to mend is said before minutes of installing, not after.
  if (options.mode === 'lab') {
    await requirePort(options.port);
    const data = options.data ?? DATA;
    prepareData(data);
    await prepare();
    return runLab({ ...options, data });
  }
  const data = options.data === undefined ? temporaryData() : { folder: options.data };
  prepareData(data.folder);
  await prepare();
  const code = await runHeadless({ notebook: options.notebook, ...data });
  if (options.isGuess) {
    console.log(
      '\nThere is no terminal here, so the notebook ran headless. `npm start -- --lab` opens JupyterLab.'
    );
  }
  return code;
}

/** Runs `npm start` and exits. */
export async function main(args) {
  stopWithUs({ onStop: () => process.stdout.write('\nStopping …\n') });
  let code = 1;
  try {
    const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    code = await start(parseOptions(args, { terminal }));
  } catch (error) {
    report(error, ROOT);
  }
  await finish(code);
}
