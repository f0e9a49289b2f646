/** The list of differences as docs/compatibility.md shows it. */
import { DIFFERENCES } from './differences.mjs';

const BEGIN = '<!-- differences -->';
const END = '<!-- end of differences -->';

/** @param {readonly import('./differences.mjs').Difference[]} differences */
export function differenceTable(differences = DIFFERENCES) {
  const rows = differences.map(({ why, tests }) => {
    const names = Object.entries(tests).flatMap(([file, list]) =>
      list.map(test => `\`${file}\` ${code(test)}`)
    );
    return `- ${why}\n${names.map(name => `  - ${name}`).join('\n')}`;
  });
  return [BEGIN, ...(rows.length === 0 ? [] : [rows.join('\n')]), END].join('\n\n');
}

const code = test => `\`${test.replaceAll('`', '')}\``;

/** The page with the list as it is now. */
export function withDifferences(page, differences = DIFFERENCES) {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from === -1 || to === -1) {
    throw new Error(`the page has no ${BEGIN} … ${END}`);
  }
  return page.slice(0, from) + differenceTable(differences) + page.slice(to + END.length);
}
