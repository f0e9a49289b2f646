/** The colours and the font of a picture: those of the theme, written out. */
export interface IPalette {
  readonly ground: string;
  readonly box: string;
  readonly text: string;
  readonly quiet: string;
  readonly hairline: string;
  readonly frame: string;
  readonly line: string;
  readonly accent: string;
  readonly font: string;
}

/** Where each colour comes from, and what stands in for a theme that does not set it. */
const VARIABLES = {
  ground: ['--jp-layout-color1', '#ffffff'],
  box: ['--jp-layout-color1', '#ffffff'],
  text: ['--jp-ui-font-color1', '#212121'],
  quiet: ['--jp-ui-font-color2', '#616161'],
  hairline: ['--jp-border-color2', '#e0e0e0'],
  frame: ['--jp-border-color0', '#bdbdbd'],
  line: ['--jp-inverse-layout-color3', '#616161'],
  accent: ['--jp-brand-color1', '#1976d2']
} as const;

/** The palette of the theme around an element. */
export function paletteOf(element: HTMLElement): IPalette {
  const style = getComputedStyle(element);
  const colour = (name: keyof typeof VARIABLES) => {
    const [variable, otherwise] = VARIABLES[name];
    return plainColour(element, style.getPropertyValue(variable).trim()) ?? otherwise;
  };
  const family = style.getPropertyValue('font-family').trim();
  return {
    ground: colour('ground'),
    box: colour('box'),
    text: colour('text'),
    quiet: colour('quiet'),
    hairline: colour('hairline'),
    frame: colour('frame'),
    line: colour('line'),
    accent: colour('accent'),
    font: family === '' ? 'sans-serif' : `${family.replaceAll('"', "'")}, sans-serif`
  };
}

/**
 * A colour as six digits, which every reader of pictures knows. Themes write transparent greys over the ground; what is
 * seen is mixed here.
 */
function plainColour(element: HTMLElement, text: string): string | undefined {
  if (text === '') {
    return undefined;
  }
  const probe = element.ownerDocument.createElement('span');
  probe.style.color = text;
  element.append(probe);
  const ground = getComputedStyle(element).backgroundColor;
  const seen = channels(getComputedStyle(probe).color);
  probe.remove();
  if (seen === undefined) {
    return undefined;
  }
  const [red, green, blue, alpha] = seen;
  const below = channels(ground) ?? [255, 255, 255, 1];
  const mixed = [red, green, blue].map((value, at) => Math.round(value * alpha + below[at]! * (1 - alpha)));
  return `#${mixed.map(value => value.toString(16).padStart(2, '0')).join('')}`;
}

function channels(text: string): [number, number, number, number] | undefined {
  const found = /^rgba?\((\d+),\s*(\d+),\s*(\d+)(?:,\s*([\d.]+))?\)$/.exec(text);
  return found === null
    ? undefined
    : [Number(found[1]), Number(found[2]), Number(found[3]), Number(found[4] ?? 1)];
}
