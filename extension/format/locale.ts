/**
 * The language of the page, for numbers and dates: that of JupyterLab, which is chosen when the page is loaded. English
 * has the day before the hour of 24, as the pictures of the design do.
 */
let language = 'en';

const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** Takes the language of JupyterLab's translator, a BCP 47 tag; one that nobody knows is English. */
export function setLanguage(tag: string): void {
  let known = 'en';
  try {
    known = Intl.getCanonicalLocales(tag.replace('_', '-'))[0] ?? 'en';
  } catch {
    // A language pack may have a name that is no tag.
  }
  if (known !== language) {
    language = known;
    numberFormats.clear();
    dateFormats.clear();
  }
}

/** How numbers are written in the language of the page. */
export function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(numberFormats, options, () => new Intl.NumberFormat(isEnglish() ? 'en-US' : language, options));
}

/** How dates and times are written in the language of the page. */
export function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const hasTime = options.hour !== undefined || options.timeStyle !== undefined;
  const english = hasTime ? 'en-GB' : 'en-US';
  return kept(
    dateFormats,
    options,
    () => new Intl.DateTimeFormat(isEnglish() ? english : language, { ...options, hourCycle: 'h23' })
  );
}

function isEnglish(): boolean {
  return language === 'en' || language.startsWith('en-');
}

/** Making a format takes long; they are few. */
function kept<T>(formats: Map<string, T>, options: object, make: () => T): T {
  const key = JSON.stringify(options);
  const known = formats.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = make();
  formats.set(key, made);
  return made;
}
