/** Reads the reports of the test runners. Each reader gives a Result. */
import { broken, result } from './result.mjs';

/** jest --json. */
export function readJest(text) {
  const report = JSON.parse(text);
  const failures = [];
  const skips = [];
  let brokenFiles = 0;
  for (const file of report.testResults) {
    const cases = file.assertionResults;
    if (file.status === 'failed' && !cases.some(each => each.status === 'failed')) {
      brokenFiles++;
      failures.push(`${file.name}: ${firstLine(file.message) ?? 'could not run'}`);
    }
    for (const each of cases) {
      if (each.status === 'failed') {
        failures.push(each.fullName);
      } else if (each.status !== 'passed') {
        skips.push(
          `${each.fullName} (${each.status === 'todo' ? 'still to be written' : 'switched off in the source'})`
        );
      }
    }
  }
  return result(
    report.numPassedTests,
    report.numFailedTests + brokenFiles,
    report.numPendingTests + report.numTodoTests,
    failures,
    skips
  );
}

const firstLine = text =>
  text
    ?.split('\n')
    .find(line => line.trim() !== '')
    ?.trim();

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescape = text =>
  text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    decimal
      ? String.fromCodePoint(Number(decimal))
      : hex
        ? String.fromCodePoint(Number.parseInt(hex, 16))
        : (ENTITIES[name] ?? whole)
  );

/**
 * The test cases of JUnit XML as pytest writes it.
 * @returns {{ group: string, name: string, outcome: 'passed' | 'failed' | 'skipped', why: string }[]}
 *   `group`: the dotted name of the class; `why`: the message of a failure or of a skip
 */
export function junitCases(text) {
  const attribute = (tag, name) => unescape(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
  return [...text.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(match => {
    const body = match[2] ?? '';
    const failed = /<(?:failure|error)\b([^>]*)/.exec(body);
    const skipped = /<skipped\b([^>]*)/.exec(body);
    return {
      group: attribute(match[1], 'classname'),
      name: attribute(match[1], 'name'),
      outcome: failed ? 'failed' : skipped ? 'skipped' : 'passed',
      why: attribute((failed ?? skipped)?.[1] ?? '', 'message')
    };
  });
}

/** JUnit XML as pytest writes it. */
export function readJunit(text) {
  const failures = [];
  const skips = [];
  let passed = 0;
  for (const { group, name, outcome, why } of junitCases(text)) {
    const title = [group, name].filter(Boolean).join(' › ');
    if (outcome === 'failed') {
      failures.push(title);
    } else if (outcome === 'skipped') {
      skips.push(`${title} (${why || 'no reason given'})`);
    } else {
      passed++;
    }
  }
  return result(passed, failures.length, skips.length, failures, skips);
}

/** Playwright's JSON reporter. */
export function readPlaywright(text) {
  const report = JSON.parse(text);
  const failures = (report.errors ?? []).map(error => firstLine(error.message) ?? 'error outside of a test');
  const skips = [];
  let passed = 0;
  const visit = (suite, path) => {
    for (const spec of suite.specs ?? []) {
      const name = [...path, spec.title].filter(Boolean).join(' › ');
      for (const test of spec.tests) {
        if (test.status === 'skipped') {
          const reason = test.annotations?.find(
            each => each.type === 'skip' || each.type === 'fixme'
          )?.description;
          // In a file of steps the ones after a failure are never begun.
          const otherwise =
            failures.length > 0 ? 'did not run after the failure before it' : 'no reason given';
          skips.push(`${name} (${reason ?? otherwise})`);
        } else if (test.status === 'unexpected') {
          failures.push(name);
        } else {
          passed++;
        }
      }
    }
    for (const inner of suite.suites ?? []) {
      visit(inner, [...path, inner.title]);
    }
  };
  for (const suite of report.suites ?? []) {
    visit(suite, []);
  }
  return result(passed, failures.length, skips.length, failures, skips);
}

/** TAP as `node --test` writes it: the totals stand at the end. */
export function readTap(text) {
  const count = name => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const [passed, failed, cancelled, skipped, todo] = ['pass', 'fail', 'cancelled', 'skipped', 'todo'].map(
    count
  );
  if (Number.isNaN(passed)) {
    return broken('the test runner ended without a report');
  }
  const failures = [...text.matchAll(/^\s*not ok \d+ - (.*?)(?: # (?:TODO|SKIP).*)?$/gm)].map(
    match => match[1]
  );
  const skips = [...text.matchAll(/^\s*ok \d+ - (.*?) # (?:SKIP|TODO) ?(.*)$/gm)].map(
    match => `${match[1]} (${match[2] || 'no reason given'})`
  );
  return result(passed, failed + cancelled, skipped + todo, failures, skips);
}

/** What `go test -v` printed. */
export function readGo(text) {
  const of = word => [...text.matchAll(new RegExp(`^--- ${word}: (\\S+)`, 'gm'))].map(match => match[1]);
  const [passed, failed, skipped] = ['PASS', 'FAIL', 'SKIP'].map(of);
  if (passed.length + failed.length === 0) {
    return broken(`no test ran: ${text.trimEnd().split('\n').at(-1)}`);
  }
  if (failed.length === 0 && !/^PASS$/m.test(text)) {
    return broken('the tests passed, but go test did not');
  }
  return result(passed.length, failed.length, skipped.length, failed, skipped);
}
