/** A line chart as SVG: logarithmic on both axes, readable on light and dark pages, no script. */

/**
 * @typedef {{ name: string, points: readonly { x: number, y: number }[] }} Line
 * @typedef {{ title: string, x: string, y: string, lines: readonly Line[] }} Chart
 */

const WIDTH = 640;
const HEIGHT = 320;
const BOX = { left: 64, top: 44, right: 452, bottom: 272 };
const COLOURS = ['#2a78d6', '#d05a00', '#1f8a4c', '#8a4fc7', '#b3365b', '#6b7280'];

const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Powers of ten around some values, one decade at least. */
function decades(values) {
  const first = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(Math.max(...values)) - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** 1, 10, 100, 1 k, 10 k, 1 M; below 1 as a decimal. */
function tick(power) {
  if (power < 0) {
    return (10 ** power).toFixed(-power);
  }
  const unit = ['', ' k', ' M', ' G'][Math.floor(power / 3)];
  return `${10 ** (power % 3)}${unit}`;
}

/** @param {Chart} chart */
export function drawChart({ title, x, y, lines }) {
  const all = lines.flatMap(line => line.points);
  const across = decades(all.map(point => point.x));
  const up = decades(all.map(point => point.y));
  const place = (powers, from, to) => value =>
    from + ((Math.log10(value) - powers[0]) / (powers.at(-1) - powers[0])) * (to - from);
  const toX = place(across, BOX.left, BOX.right);
  const toY = place(up, BOX.bottom, BOX.top);
  const grid = [
    ...across.map(power => {
      const at = toX(10 ** power).toFixed(1);
      return `<path class="grid" d="M${at} ${BOX.top}V${BOX.bottom}"/><text x="${at}" y="${BOX.bottom + 18}" text-anchor="middle">${tick(power)}</text>`;
    }),
    ...up.map(power => {
      const at = toY(10 ** power).toFixed(1);
      return `<path class="grid" d="M${BOX.left} ${at}H${BOX.right}"/><text x="${BOX.left - 8}" y="${Number(at) + 4}" text-anchor="end">${tick(power)}</text>`;
    })
  ];
  const drawn = lines.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const places = points.map(point => [toX(point.x).toFixed(1), toY(point.y).toFixed(1)]);
    const dots = places
      .map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colour}"/>`)
      .join('');
    const legendY = BOX.top + 8 + i * 22;
    return [
      `<path d="M${places.map(pair => pair.join(' ')).join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}`,
      `<path d="M${BOX.right + 16} ${legendY}h18" stroke="${colour}" stroke-width="2"/><text x="${BOX.right + 42}" y="${legendY + 4}">${escape(name)}</text>`
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #3b4350; }
  .title { font-weight: 600; font-size: 14px; }
  .grid { stroke: #8b95a5; stroke-opacity: 0.3; }
  @media (prefers-color-scheme: dark) { text { fill: #d5dae3; } }
</style>
<text class="title" x="${BOX.left}" y="22">${escape(title)}</text>
${grid.join('\n')}
${drawn.join('\n')}
<text x="${(BOX.left + BOX.right) / 2}" y="${BOX.bottom + 38}" text-anchor="middle">${escape(x)}</text>
<text transform="translate(16 ${(BOX.top + BOX.bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(y)}</text>
</svg>
`;
}
