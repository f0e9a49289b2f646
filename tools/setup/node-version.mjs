/**
 * Whether this Node can run Argon. This file is read before anything else, by any Node that knows
 * modules at all, so it keeps to the syntax of Node 12 and imports nothing.
 */

/** The oldest Node that Argon runs on: `zlib.crc32` came with 20.15. */
export var OLDEST_NODE = '20.15.0';

/** The sentence that says what is wrong with a Node of this version, or undefined when nothing is. */
export function nodeTrouble(version) {
  var have = version.split('.').map(Number);
  var need = OLDEST_NODE.split('.').map(Number);
  for (var i = 0; i < need.length; i++) {
    if (have[i] > need[i]) {
      return undefined;
    }
    if (have[i] < need[i]) {
      return (
        'Argon needs Node ' +
        OLDEST_NODE.replace(/\.0$/, '') +
        ' or newer, and this is Node ' +
        version +
        '. ' +
        'Install a newer one (https://nodejs.org/en/download, or `nvm install 22`) and try again.'
      );
    }
  }
  return undefined;
}

/** Ends the process with a plain sentence when this Node is too old. */
export function requireNode() {
  var trouble = nodeTrouble(process.versions.node);
  if (trouble) {
    console.error(trouble);
    process.exit(1);
  }
}
