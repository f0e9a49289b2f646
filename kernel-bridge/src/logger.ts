/** Levels of the log, from chatty to quiet. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Facts beside a message: plain JSON values, never documents and never credentials. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** One JSON line per event, for machines first. */
export interface Logger {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

/** Whether `name` is a level of the log. */
export function isLogLevel(name: string): name is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(name);
}

/** User information in a URI (`mongodb://user:secret@host`), wherever it stands in a text. */
const URI_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi;

/** `text` without the user information of any URI in it. */
export function withoutCredentials(text: string): string {
  return text.replace(URI_CREDENTIALS, '$1***@');
}

/** A logger that writes lines at or above `level` with `write` (default: stderr). */
export function createLogger(
  level: LogLevel,
  write: (line: string) => void = line => void process.stderr.write(line)
): Logger {
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => {
    if (LOG_LEVELS.indexOf(name) < threshold) {
      return () => undefined;
    }
    return (message: string, facts: LogFacts = {}) => {
      const record = { time: new Date().toISOString(), level: name, message, ...facts };
      const line = JSON.stringify(record, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value instanceof Error ? describe(value) : value
      );
      write(`${withoutCredentials(line)}\n`);
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What a log line says about an error. */
function describe(error: Error): Record<string, unknown> {
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    message: error.message,
    stack: error.stack
      ?.split('\n')
      .slice(1, 8)
      .map(line => line.trim())
  };
}
