import { test } from 'node:test';
import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import { at } from '../setup/checkout.mjs';
import { importDirection } from './import-direction.mjs';

RuleTester.describe = (_, run) => run();
RuleTester.it = (name, run) => void test(name, run);

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser, sourceType: 'module' } });
const code = (file, text) => ({ filename: at(file), code: text, name: `${file}: ${text}` });
const wrong = (file, text, data) => ({ ...code(file, text), errors: [{ message: data }] });

tester.run('import-direction', importDirection, {
  valid: [
    code('wal-core/src/merge/plan.ts', "import { diff } from '../diff/diff';"),
    code('wal-core/src/merge/plan.ts', "import { ArgonError } from '../errors';"),
    code('wal-core/src/engine.ts', "import { plan } from './merge/plan';"),
    code('wal-core/src/log/frame.ts', "import { walk } from '../bson/raw';"),
    code('wal-core/src/bson/raw.spec.ts', "import { openEngine } from '../engine';"),
    code('kernel-bridge/src/wire/insert.ts', "import { openEngine } from '@argon/wal-core';"),
    code('kernel-bridge/src/wire/server.ts', "import { createServer } from 'node:net';"),
    code('extension/panel/body.ts', "import { Client } from '../client/client';")
  ],
  invalid: [
    wrong(
      'wal-core/src/bson/raw.ts',
      "import { log } from '../log/frame';",
      'imports run one way: bson/raw.ts may not import log/frame, which stands above it.'
    ),
    wrong(
      'wal-core/src/log/feed.ts',
      "export { scan } from '../read/scan';",
      'imports run one way: log/feed.ts may not import read/scan, which stands above it.'
    ),
    wrong(
      'wal-core/src/read/get.ts',
      "import type { Write } from '../engine/write';",
      'imports run one way: read/get.ts may not import engine/write, which stands above it.'
    ),
    wrong(
      'wal-core/src/read/get.ts',
      "const x = import('../merge/plan');",
      'imports run one way: read/get.ts may not import merge/plan, which stands above it.'
    ),
    wrong(
      'wal-core/src/read/get.ts',
      "type P = import('../merge/plan').Plan;",
      'imports run one way: read/get.ts may not import merge/plan, which stands above it.'
    ),
    wrong(
      'wal-core/src/helpers/x.ts',
      "import { a } from '../errors';",
      'wal-core/src/helpers has no place in the order of folders (tools/lint/layers.mjs).'
    ),
    wrong(
      'wal-core/src/log/frame.ts',
      "import { connect } from 'node:net';",
      'the engine knows no network: it may not import node:net.'
    ),
    wrong(
      'wal-core/src/api.ts',
      "import { main } from '../../kernel-bridge/src/main';",
      '@argon/wal-core may not reach out of its folder into @argon/bridge.'
    ),
    wrong(
      'extension/panel/body.ts',
      "import { openEngine } from '@argon/wal-core';",
      'jupyterlab-argon may not import @argon/wal-core.'
    ),
    wrong(
      'kernel-bridge/mlflow-ts-client/src/client.ts',
      "import { Lsn } from '@argon/wal-core';",
      'mlflow-ts-client may not import @argon/wal-core.'
    )
  ]
});
