/**
 * Bundles the bridge to one file, with the script of the engine's workers beside it:
 * `node tools/setup/bundle.mjs OUTFILE [--watch]`.
 */
import { basename, dirname } from 'node:path';
import { build, context } from 'esbuild';
import { at } from './checkout.mjs';

/** What the mongodb driver can use and we do not ship; it asks for each inside a `try`. */
const OPTIONAL = [
  '@aws-sdk/credential-providers',
  '@mongodb-js/zstd',
  'aws4',
  'gcp-metadata',
  'kerberos',
  'mongodb-client-encryption',
  'snappy',
  'socks',
  'bufferutil',
  'utf-8-validate'
];

/** fs-native-extensions looks for its native part by its own package.json; the bundle has it in `prebuilds`. */
const nativeLocks = {
  name: 'native-locks',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]fs-native-extensions[\\/]binding\.js$/ }, () => ({
      contents: `const { join } = require('node:path');
        const platform = process.platform + '-' + process.arch;
        module.exports = require(join(__dirname, 'prebuilds', platform, 'fs-native-extensions.node'));`
    }));
  }
};

const [outfile, mode] = process.argv.slice(2);

/** @type {import('esbuild').BuildOptions} */
const options = {
  entryPoints: [
    { in: at('kernel-bridge', 'src', 'main.ts'), out: basename(outfile, '.js') },
    // The name that the engine looks for beside itself (wal-core/src/worker/pool.ts).
    { in: at('wal-core', 'src', 'worker', 'entry.ts'), out: 'engine-worker' }
  ],
  outdir: dirname(outfile),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // No `keepNames`: it defines a property of every function each time one is made, which is an eighth of a point read.
  // The workspace packages are taken from their sources.
  legalComments: 'none',
  logLevel: 'warning',
  alias: {
    '@argon/wal-core': at('wal-core', 'src', 'index.ts'),
    'mlflow-ts-client': at('kernel-bridge', 'mlflow-ts-client', 'src', 'index.ts')
  },
  // lmdb is an ES module that asks where it is, to find its native part.
  define: { 'import.meta.url': '__bundleUrl' },
  banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [nativeLocks],
  external: ['*.node', '@node-rs/crc32-*', ...OPTIONAL]
};

if (mode === '--watch') {
  await (await context(options)).watch();
} else {
  await build(options).catch(() => process.exit(1));
}
