import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { TranslationManager } from '@jupyterlab/translation';
import { DOMAIN } from '../tokens';
import { translatedSchema } from './settings';

const catalogue: Record<string, unknown> = jest.requireActual(
  '../../kernel-bridge/python/argon/locale/de_DE/LC_MESSAGES/jupyterlab_argon.json'
);
const schema: ISettingRegistry.ISchema = jest.requireActual('../../schema/lab/plugin.json');

describe('the settings in German', () => {
  it('have every title and description translated, and nothing else changed', async () => {
    const answer = { data: { [DOMAIN]: catalogue }, message: '' };
    const connector = { fetch: () => Promise.resolve(answer) };
    const manager = new TranslationManager('', '', undefined, connector as never);
    await manager.fetch('de_DE');
    const german = translatedSchema(schema, manager.load(DOMAIN));
    expect(german.properties?.['badges']?.title).toBe('Marken der Zellen');
    const side = german.properties?.['side'] as unknown as { oneOf: { title: string; const: string }[] };
    expect(side.oneOf.map(choice => [choice.const, choice.title])).toEqual([
      ['left', 'Links'],
      ['right', 'Rechts']
    ]);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      expect(german.properties?.[name]?.description).not.toBe(property.description);
      expect(german.properties?.[name]?.default).toEqual(property.default);
    }
    expect(german['jupyter.lab.menus']).toEqual(schema['jupyter.lab.menus']);
    expect(schema.properties?.['badges']?.title).toBe('Badges of cells');
  });
});
