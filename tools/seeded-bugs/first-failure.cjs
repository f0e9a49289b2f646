/**
 * A jest reporter that ends the run at the first test that fails and writes down which one it was:
 * `{test, spec, fullName, seconds, message}`. Without a failure it writes `{passed}`, the number of tests; a spec
 * that could not even be loaded is `{broken}`.
 */
const { writeFileSync } = require('node:fs');
const { basename } = require('node:path');

class FirstFailure {
  constructor(_config, { file }) {
    this.file = file;
    this.begun = performance.now();
  }

  #end(found, code) {
    const seconds = (performance.now() - this.begun) / 1000;
    writeFileSync(this.file, JSON.stringify({ ...found, seconds }));
    // What still runs belongs to a broken engine: nothing of it is waited for.
    process.exit(code);
  }

  onTestCaseResult(test, result) {
    if (result.status === 'failed') {
      const spec = basename(test.path).replace(/\.spec\.js$/, '');
      const { title, fullName } = result;
      this.#end(
        {
          test: `${spec}: ${title}`,
          spec,
          fullName,
          message: (result.failureMessages[0] ?? '').slice(0, 2000)
        },
        1
      );
    }
  }

  onTestResult(_test, result) {
    if (result.testExecError) {
      this.#end({ broken: `${result.testExecError.message ?? result.failureMessage}` }, 2);
    }
  }

  onRunComplete(_contexts, results) {
    this.#end({ passed: results.numPassedTests }, 0);
  }

  getLastError() {}
}

module.exports = FirstFailure;
