/** Whether the tools that are installed into the checkout can live in a folder of this name. */
import { delimiter } from 'node:path';
import { ROOT } from './checkout.mjs';
import { Trouble } from './trouble.mjs';

/** The sentence when a folder cannot hold a checkout, or undefined. */
export function folderTrouble(folder) {
  const faults = [
    [delimiter, 'separates the folders of the PATH'],
    // Alembic, which lays out MLflow's tables, takes it for the start of a variable.
    ['%', 'keeps MLflow from making its database'],
    ['\n', 'ends a line in the files that the tools write']
  ];
  const [character, why] = faults.find(([each]) => folder.includes(each)) ?? [];
  return character === undefined
    ? undefined
    : `Argon cannot be set up in ${JSON.stringify(folder)}: the character ${JSON.stringify(character)} in its path ${why}. Move or rename the folder and try again.`;
}

/** @throws {Trouble} when the checkout cannot stay where it is */
export function requireFolder(folder = ROOT) {
  const sentence = folderTrouble(folder);
  if (sentence) {
    throw new Trouble(sentence);
  }
}
