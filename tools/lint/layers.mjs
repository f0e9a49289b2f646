/** Who may import whom: the order of the rooms, as the architecture page draws it. */

/**
 * Folders of wal-core/src from the ground up. A folder may import from its own rank and from lower
 * ones, never from a higher one. A folder that is in no rank is an error: give it its place here.
 */
export const ENGINE_RANKS = [
  ['bson', 'store'],
  ['log', 'branch'],
  ['image', 'index', 'overlay', 'read'],
  ['query', 'diff', 'merge', 'restore', 'gc', 'verify', 'backup', 'history', 'worker', 'write'],
  ['engine', 'laws']
];

/** Files directly in wal-core/src that carry words only and stand below every folder. */
export const ENGINE_GROUND = ['api', 'keeping', 'errors', 'faults', 'limits'];

/** Packages of the workspace: where their sources are, and which of the others they may import. */
export const PACKAGES = [
  { name: '@argon/wal-core', folder: 'wal-core/src', may: [] },
  { name: 'mlflow-ts-client', folder: 'kernel-bridge/mlflow-ts-client/src', may: [] },
  { name: '@argon/bridge', folder: 'kernel-bridge/src', may: ['@argon/wal-core', 'mlflow-ts-client'] },
  // The icons of the page are among its styles.
  { name: 'jupyterlab-argon', folder: 'extension', may: [], also: ['style/icons'] }
];

/** What the engine must never know about: networks and their clients. */
export const ENGINE_BANNED =
  /^(?:node:)?(?:net|tls|http|https|http2|dgram|dns)$|^(?:ws|mongodb|mongoose|commander)$/;

const ENGINE_FOLDER = 'wal-core/src';
/** Tests and what only they use: they may look at everything inside their package. */
const isTest = file => /(?:\.|\/)(?:spec|test|testing)\.tsx?$|\/(?:oracle|testing|laws)\//.test(file);

/** Rank of a path below wal-core/src: 0 is the ground; undefined when it has no place. */
function rankOf(inner) {
  const [first, second] = inner.split('/');
  if (second === undefined) {
    return ENGINE_GROUND.includes(first.replace(/\.tsx?$/, '')) ? 0 : ENGINE_RANKS.length + 1;
  }
  const rank = ENGINE_RANKS.findIndex(folders => folders.includes(first));
  return rank === -1 ? undefined : rank + 1;
}

/** Joins a relative import to the folder of its file, without touching the disk. */
function resolveImport(file, source) {
  const parts = file.split('/').slice(0, -1);
  for (const part of source.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '.') {
      parts.push(part);
    }
  }
  return parts.join('/');
}

/**
 * Why `file` may not import `source`, or undefined when it may.
 * @param {string} file path from the root of the checkout, with forward slashes
 * @param {string} source the specifier as written
 * @param {(path: string) => boolean} isFolder whether a path from the root is a folder (an index is meant)
 */
export function importTrouble(file, source, isFolder = () => false) {
  const home = PACKAGES.find(({ folder }) => file.startsWith(`${folder}/`));
  if (home === undefined) {
    return undefined;
  }
  if (!source.startsWith('.')) {
    const other = PACKAGES.find(({ name }) => source === name || source.startsWith(`${name}/`));
    if (other !== undefined && other !== home && !home.may.includes(other.name)) {
      return `${home.name} may not import ${other.name}`;
    }
    if (home.folder === ENGINE_FOLDER && !isTest(file) && ENGINE_BANNED.test(source)) {
      return `the engine knows no network: it may not import ${source}`;
    }
    return undefined;
  }
  const target = resolveImport(file, source);
  const reachable = [home.folder, ...(home.also ?? [])];
  if (!reachable.some(folder => `${target}/`.startsWith(`${folder}/`))) {
    const other = PACKAGES.find(({ folder }) => `${target}/`.startsWith(`${folder}/`));
    return `${home.name} may not reach out of its folder${other ? ` into ${other.name}` : ` to ${target}`}`;
  }
  return home.folder === ENGINE_FOLDER && !isTest(file) ? engineTrouble(file, target, isFolder) : undefined;
}

function engineTrouble(file, target, isFolder) {
  const inner = path => path.slice(ENGINE_FOLDER.length + 1);
  const from = inner(file);
  const to = isFolder(target) ? `${inner(target)}/index` : inner(target);
  const fromRank = rankOf(from);
  const toRank = rankOf(to);
  for (const [path, rank] of [
    [from, fromRank],
    [to, toRank]
  ]) {
    if (rank === undefined) {
      return `${ENGINE_FOLDER}/${path.split('/')[0]} has no place in the order of folders (tools/lint/layers.mjs)`;
    }
  }
  return toRank > fromRank
    ? `imports run one way: ${from} may not import ${to}, which stands above it`
    : undefined;
}
