import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a German language pack of JupyterLab in a folder for `PYTHONPATH`. It has no text of its own: JupyterLab stays
 * English, and hands the catalogues of extensions to a page that asks for German.
 */
export function makeGermanPack(folder: string): void {
  const name = 'jupyterlab_language_pack_de_DE';
  const messages = join(folder, name, 'locale', 'de_DE', 'LC_MESSAGES');
  const info = join(folder, `${name}-1.0.dist-info`);
  mkdirSync(messages, { recursive: true });
  mkdirSync(info, { recursive: true });
  writeFileSync(join(folder, name, '__init__.py'), '');
  writeFileSync(
    join(info, 'METADATA'),
    'Metadata-Version: 2.1\nName: jupyterlab-language-pack-de-DE\nVersion: 1.0\n'
  );
  writeFileSync(join(info, 'entry_points.txt'), `[jupyterlab.languagepack]\nde_DE = ${name}\n`);
}
