import { refusal } from './origins';

const nobody = { origins: [], hosts: [] };

describe('who may open a connection', () => {
  it.each(['localhost', 'localhost:80', '127.0.0.1', '127.0.0.1:27017', '[::1]', '[::1]:8080', 'LOCALHOST'])(
    'lets a program in that calls the machine %s',
    host => expect(refusal({ host }, nobody)).toBeUndefined()
  );

  it.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
    '10.0.0.1'
  ])('refuses the host %p, as a page with a rebound name would send', host =>
    expect(refusal({ host }, nobody)).toContain('Host')
  );

  it('refuses a request without a host', () => {
    expect(refusal({}, nobody)).toContain('Host');
  });

  it('lets listed hosts in, with any port', () => {
    const policy = { origins: [], hosts: ['Bridge.Internal'] };
    expect(refusal({ host: 'bridge.internal:9' }, policy)).toBeUndefined();
    expect(refusal({ host: 'other.internal' }, policy)).toContain('Host');
  });

  it.each(['http://localhost', 'http://localhost:8888', 'null', 'https://evil.example', ''])(
    'refuses a page of origin %p unless it is listed',
    origin => expect(refusal({ host: 'localhost', origin }, nobody)).toContain('Origin')
  );

  it('lets a page of a listed origin in, and no other', () => {
    const policy = { origins: ['https://hub.example'], hosts: [] };
    expect(refusal({ host: 'localhost', origin: 'https://hub.example' }, policy)).toBeUndefined();
    expect(refusal({ host: 'localhost', origin: 'https://hub.example.evil' }, policy)).toContain('Origin');
    expect(refusal({ host: 'localhost', origin: 'http://hub.example' }, policy)).toContain('Origin');
  });
});
