import { createLogger, isLogLevel, withoutCredentials } from './logger';

describe('the log', () => {
  const lines: string[] = [];
  const read = () => JSON.parse(lines.pop() ?? '') as Record<string, unknown>;
  const logger = createLogger('info', line => lines.push(line));

  it('is one JSON object per line, whatever the facts', () => {
    logger.info('two\nlines', { name: 'a\nb', big: 5n });
    expect(lines.at(-1)).toMatch(/^\{.*\}\n$/);
    expect(lines.at(-1)?.trimEnd()).not.toContain('\n');
    expect(read()).toMatchObject({ level: 'info', message: 'two\nlines', name: 'a\nb', big: '5' });
  });

  it('says what an error was', () => {
    logger.error('broken', { error: Object.assign(new Error('no space'), { code: 'ENOSPC' }) });
    expect(read()['error']).toMatchObject({ name: 'Error', code: 'ENOSPC', message: 'no space' });
  });

  it('leaves out what is below its level', () => {
    logger.debug('chatter');
    expect(lines).toHaveLength(0);
    expect(isLogLevel('loud')).toBe(false);
  });

  it.each([
    ['mongodb://ann:s3cret@db.example/shop', 'mongodb://***@db.example/shop'],
    [
      'see https://token@mlflow.example/ and mongodb+srv://u:p%40ss@x',
      'see https://***@mlflow.example/ and mongodb+srv://***@x'
    ],
    ['mongodb://localhost/shop@exp', 'mongodb://localhost/shop@exp']
  ])('never tells credentials: %s', (text, shown) => {
    expect(withoutCredentials(text)).toBe(shown);
    logger.warn('cannot reach', { uri: text, error: new Error(text) });
    expect(lines.at(-1)).not.toMatch(/s3cret|token@|p%40ss/);
    read();
  });
});
