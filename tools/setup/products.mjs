/** The steps that build: TypeScript, the bridge as one file, the labextension. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT, at, program } from './checkout.mjs';
import { run } from './child.mjs';
import { nodePackagesHash } from './node-packages.mjs';
import { prune } from './prune.mjs';
import { filesUnder, hashOf } from './stamps.mjs';
import { Trouble, explain } from './trouble.mjs';

const isSource = path => /\.(ts|tsx|json|js)$/.test(path);
const packages = ['wal-core', 'kernel-bridge', 'kernel-bridge/mlflow-ts-client'];
const sources = [
  ...packages.flatMap(name => [at(name, 'src'), at(name, 'tsconfig.json'), at(name, 'package.json')]),
  at('tsconfig.base.json')
];

/** Where the bundled bridge lives: inside the Python package, so that a wheel carries it. */
export const BRIDGE = at('kernel-bridge', 'python', 'argon', 'bridge');
/** Where the built labextension lives, for the same reason. */
export const LABEXTENSION = at('kernel-bridge', 'python', 'argon', 'labextension');

async function node(args, { doing, log, env }) {
  const file = join(CACHE, 'logs', log);
  const { code, output } = await run(process.execPath, args, { log: file, env: env ?? process.env });
  if (code !== 0) {
    const known = explain(output, { doing, folder: ROOT, isLocal: true });
    const lines = output.trimEnd().split('\n');
    const first = lines.findIndex(text => /\berror\b/i.test(text));
    const end = lines.slice(Math.max(first, 0)).slice(0, 15).join('\n');
    throw new Trouble(known ?? `Stopped while ${doing}: the sources do not build.\n${end}`, { log: file });
  }
}

/** @type {import('./steps.mjs').Step} */
export const compile = {
  name: 'compile',
  title: 'TypeScript',
  hash: () =>
    hashOf(filesUnder([...sources, at('extension'), at('tsconfig.json')], isSource), [nodePackagesHash()]),
  products: [
    at('wal-core', 'dist', 'index.js'),
    at('kernel-bridge', 'dist', 'main.js'),
    at('kernel-bridge', 'mlflow-ts-client', 'dist', 'index.js'),
    at('lib', 'index.js')
  ],
  async run() {
    for (const name of packages) {
      prune(at(name, 'src'), at(name, 'dist'));
    }
    prune(at('extension'), at('lib'));
    await node([program('typescript', 'bin', 'tsc'), '-b', ROOT], {
      doing: 'compiling TypeScript',
      log: 'tsc.log'
    });
    return 'compiled';
  }
};

/** Native parts of the bridge, laid out where lmdb, crc32 and the file locks look for them beside the bundle. */
function copyNativeParts(into) {
  const lmdb = at('node_modules', '@lmdb');
  for (const name of readdirSync(lmdb).filter(entry => entry.startsWith('lmdb-'))) {
    const folder = join(into, 'prebuilds', name.slice('lmdb-'.length));
    mkdirSync(folder, { recursive: true });
    for (const file of readdirSync(join(lmdb, name)).filter(entry => entry.endsWith('.node'))) {
      cpSync(join(lmdb, name, file), join(folder, file));
    }
  }
  const platform = `${process.platform}-${process.arch}`;
  mkdirSync(join(into, 'prebuilds', platform), { recursive: true });
  cpSync(
    at('node_modules', 'fs-native-extensions', 'prebuilds', platform, 'fs-native-extensions.node'),
    join(into, 'prebuilds', platform, 'fs-native-extensions.node')
  );
  const crc = at('node_modules', '@node-rs');
  for (const name of readdirSync(crc).filter(entry => entry.startsWith('crc32-'))) {
    for (const file of readdirSync(join(crc, name)).filter(entry => entry.endsWith('.node'))) {
      cpSync(join(crc, name, file), join(into, file));
    }
  }
}

/** The script that bundles the bridge, with its arguments. */
export function bundleArguments(outfile, ...more) {
  return [at('tools', 'setup', 'bundle.mjs'), outfile, ...more];
}

/** Bundles the bridge as it is shipped into an empty folder: `main.js` with everything it needs beside it. */
export async function bundleInto(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await node(bundleArguments(join(folder, 'main.js')), { doing: 'bundling the bridge', log: 'bridge.log' });
  copyNativeParts(folder);
  const { version } = JSON.parse(readFileSync(at('kernel-bridge', 'package.json'), 'utf8'));
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: 'argon-bridge', version, private: true, type: 'commonjs' }, null, 2)}\n`
  );
}

/** @type {import('./steps.mjs').Step} */
export const bundle = {
  name: 'bundle',
  title: 'Bridge',
  hash: () =>
    hashOf(
      filesUnder([...sources, at('tools', 'setup', 'products.mjs'), at('tools', 'setup', 'bundle.mjs')]),
      [nodePackagesHash()]
    ),
  products: [join(BRIDGE, 'main.js'), join(BRIDGE, 'engine-worker.js'), join(BRIDGE, 'prebuilds')],
  async run() {
    const fresh = `${BRIDGE}.new`;
    await bundleInto(fresh);
    if (existsSync(BRIDGE)) {
      rmSync(BRIDGE, { recursive: true, force: true });
    }
    renameSync(fresh, BRIDGE);
    return 'bundled';
  }
};

/** The labextension builder's arguments. */
export function labextensionArguments(...more) {
  const core = program('@jupyterlab', 'core-meta', 'core.package.json');
  return [
    program('@jupyter', 'builder', 'lib', 'build-labextension.js'),
    '--core-package-file',
    core,
    ...more,
    ROOT
  ];
}

/** @type {import('./steps.mjs').Step} */
export const labextension = {
  name: 'labextension',
  title: 'JupyterLab extension',
  hash: () =>
    hashOf(
      filesUnder([
        at('extension'),
        at('style'),
        at('schema'),
        at('package.json'),
        at('labextension.config.cjs'),
        at('tsconfig.json'),
        at('tsconfig.base.json')
      ]),
      [nodePackagesHash()]
    ),
  products: [join(LABEXTENSION, 'package.json')],
  async run() {
    await node(labextensionArguments(), {
      doing: 'building the JupyterLab extension',
      log: 'labextension.log'
    });
    return 'built';
  }
};

/** Everything that is built from sources, in order. */
export const products = [compile, bundle, labextension];
