/** Puts the figures of a suite into its place on the page about performance. */

/**
 * @param {string} page Markdown with a `<!-- bench SUITE -->` … `<!-- end -->` for the suite
 * @param {string} suite
 * @param {string} figures plain text
 * @returns {string} the page with the figures in that place
 */
export function withFigures(page, suite, figures) {
  const begin = `<!-- bench ${suite} -->\n`;
  const start = page.indexOf(begin);
  const end = page.indexOf('<!-- end -->', start);
  if (start < 0 || end < 0) {
    throw new Error(`The page has no place for the suite "${suite}".`);
  }
  return `${page.slice(0, start + begin.length)}\n\`\`\`text\n${figures}\n\`\`\`\n\n${page.slice(end)}`;
}
