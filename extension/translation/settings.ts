import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';

/** What of a schema people read. */
const TEXTS = new Set(['title', 'description']);

/**
 * Keeps the settings of a plugin in the language of the page, each time that they are read. JupyterLab's server looks
 * for their texts in its own language pack only; what a pack has translated is not in our catalogue and stays.
 */
export function translateSettings(registry: ISettingRegistry, id: string, trans: TranslationBundle): void {
  const translate = () => {
    const plugin = registry.plugins[id];
    if (plugin !== undefined) {
      plugin.schema = translatedSchema(plugin.schema, trans);
    }
  };
  registry.pluginChanged.connect((_, changed) => {
    if (changed === id) {
      translate();
    }
  });
  void registry.load(id).then(translate, () => undefined); // Without settings there is nothing to translate.
}

/** The texts of a settings schema in the language of the page. */
export function translatedSchema(
  schema: ISettingRegistry.ISchema,
  trans: TranslationBundle
): ISettingRegistry.ISchema {
  return translated(schema, trans) as ISettingRegistry.ISchema;
}

function translated(part: unknown, trans: TranslationBundle): unknown {
  if (Array.isArray(part)) {
    return part.map(item => translated(item, trans));
  }
  if (typeof part !== 'object' || part === null) {
    return part;
  }
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      if (!TEXTS.has(key) || typeof value !== 'string') {
        return [key, translated(value, trans)];
      }
      // eslint-disable-next-line jupyter/no-dynamic-translation -- `npm run lint` reads these texts from the schema
      return [key, trans.gettext(value)];
    })
  );
}
