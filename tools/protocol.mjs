/**
 * Writes the types of the control plane from schema/protocol/*.json, for the page and for the bridge,
 * and the schemas themselves as a module of the bridge, which checks each message at run time.
 * `node tools/protocol.mjs --check` only compares, and fails when a file is not up to date.
 */
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'schema', 'protocol');
const typeTargets = ['extension/client/protocol.ts', 'kernel-bridge/src/rpc/protocol.ts'];
const schemaTarget = 'kernel-bridge/src/rpc/schemas.ts';

const pascal = name => name.replace(/(^|\.)(\w)/g, (_, __, letter) => letter.toUpperCase());

/** One schema that names every message, so that the generator makes one interface for each. */
function combined() {
  const definitions = {};
  const methods = {};
  const events = {};
  for (const file of readdirSync(folder).sort()) {
    const schema = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    Object.assign(definitions, schema.$defs ?? {});
    Object.assign(methods, schema.methods ?? {});
    Object.assign(events, schema.events ?? {});
  }
  for (const [name, method] of Object.entries(methods)) {
    definitions[`${pascal(name)}Params`] = method.params;
    definitions[`${pascal(name)}Result`] = method.result;
  }
  for (const [name, event] of Object.entries(events)) {
    definitions[`${pascal(name)}Event`] = event;
  }
  const text = JSON.stringify({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.keys(definitions).map(name => [name, { $ref: `#/definitions/${name}` }])
    ),
    definitions
  }).replaceAll('common.json#/$defs/', '#/definitions/');
  return { schema: JSON.parse(text), methods, events };
}

/** The TypeScript text of the protocol. */
async function generate() {
  const { schema, methods, events } = combined();
  const types = await compile(schema, 'Everything', {
    bannerComment: '',
    additionalProperties: false,
    format: true,
    style: { singleQuote: true, printWidth: 110, trailingComma: 'none', arrowParens: 'avoid' }
  });
  const body = types.replace(/export interface Everything \{[\s\S]*?\n\}\n/, '');
  const table = Object.entries(methods)
    .map(([name, method]) => {
      // The generator writes no alias for a result that is another type as it stands.
      const alias = /^(?:common\.json)?#\/(?:\$defs|definitions)\/(\w+)$/.exec(method.result.$ref ?? '')?.[1];
      const result = alias ?? `${pascal(name)}Result`;
      return `  /** ${method.description} */\n  '${name}': { params: ${pascal(name)}Params; result: ${result} };`;
    })
    .join('\n');
  const union = Object.keys(events)
    .map(name => `${pascal(name)}Event`)
    .join(' | ');
  return `/* Written by tools/protocol.mjs from schema/protocol: change it there. */\n${body}
/** Every method of the bridge. */
export interface Methods {
${table}
}

/** Params of the notification \`event\`. */
export type ProtocolEvent = ${union};

/** Grows when a message changes in a way that an older side would not understand. */
export const PROTOCOL_VERSION = 1;
`;
}

/** A schema without what only readers and the type generator need. */
function bare(node) {
  if (Array.isArray(node)) {
    return node.map(bare);
  }
  if (node === null || typeof node !== 'object') {
    return node;
  }
  const kept = Object.entries(node).filter(
    ([key, value]) => !(typeof value === 'string' && (key === 'description' || key === 'tsType'))
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, bare(value)]));
}

/**
 * The schemas as a module, so that the built bridge needs no file beside it. Each message stays a JSON text:
 * parsed and compiled when it first arrives, not when the process starts.
 */
async function schemaModule() {
  const common = JSON.parse(readFileSync(join(folder, 'common.json'), 'utf8'));
  const { methods, events } = combined();
  const entry = (name, value) => `  ${JSON.stringify(name)}: ${JSON.stringify(JSON.stringify(bare(value)))}`;
  const table = (name, doc, rows) =>
    `/** ${doc} */\nexport const ${name}: Readonly<Record<string, string>> = {\n${rows.join(',\n')}\n};\n`;
  const source = `/* Written by tools/protocol.mjs from schema/protocol: change it there. */

/** \`common.json\`, the words every message refers to. */
export const COMMON_SCHEMA = ${JSON.stringify(JSON.stringify(bare(common)))};

${table(
  'PARAMS_SCHEMAS',
  'Params of each method, as JSON text.',
  Object.entries(methods).map(([name, method]) => entry(name, method.params))
)}
${table(
  'RESULT_SCHEMAS',
  'Result of each method, as JSON text.',
  Object.entries(methods).map(([name, method]) => entry(name, method.result))
)}
${table(
  'EVENT_SCHEMAS',
  'Params of the notification `event` by its type, as JSON text.',
  Object.entries(events).map(([name, event]) => entry(name, event))
)}`;
  return format(source, { ...(await resolveConfig(join(root, schemaTarget))), parser: 'typescript' });
}

const types = await generate();
const files = [...typeTargets.map(target => [target, types]), [schemaTarget, await schemaModule()]];
let stale = false;
for (const [target, text] of files) {
  const path = join(root, target);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) {
    continue;
  }
  if (process.argv.includes('--check')) {
    console.error(`${target} is not up to date: run \`node tools/protocol.mjs\``);
    stale = true;
  } else {
    writeFileSync(path, text);
    console.log(`wrote ${target}`);
  }
}
process.exit(stale ? 1 : 0);
