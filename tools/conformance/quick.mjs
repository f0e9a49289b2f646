/** The part of the conformance run that belongs to `npm test`: a few files on Argon alone. */
import { dirname, join } from 'node:path';
import { broken, result } from '../test/result.mjs';
import { QUICK_FILES } from './files.mjs';
import { runFile } from './pytest.mjs';
import { startBridge } from './servers.mjs';
import { ensureSuite } from './suite.mjs';
import { judge } from './verdict.mjs';

/** @param {import('../test/suites.mjs').Context} context */
export async function quickConformance({ log, report }) {
  const suite = await ensureSuite();
  const server = await startBridge(log);
  const results = [];
  try {
    for (const file of QUICK_FILES) {
      const paths = { log: join(dirname(log), `conformance-${file}.log`), report: `${report}.${file}` };
      const outcomes = await runFile(suite, file, server, paths);
      results.push(
        outcomes === undefined
          ? broken(`${file} ended without a report: see ${paths.log}`)
          : judge(file, outcomes)
      );
      if (!server.isAlive()) {
        results.push(broken(`the bridge ended while ${file} ran`));
        break;
      }
    }
  } finally {
    await server.stop();
  }
  const sum = key => results.reduce((value, each) => value + each[key], 0);
  return result(
    sum('passed'),
    sum('failed'),
    sum('skipped'),
    results.flatMap(each => each.failures),
    results.flatMap(each => each.skips)
  );
}
