import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { douseBeacon, lightBeacon, readBeacon } from './beacon';
import {
  defaultDataDirectory,
  distrust,
  prepareDataDirectory,
  prepareSocketDirectory,
  socketDirectory
} from './directory';

describe('where a bridge is found', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'argon-found-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('follows one rule, told by the environment', () => {
    const name = createHash('sha256').update('/data/shop').digest('hex').slice(0, 12);
    expect(socketDirectory('/data/shop', { ARGON_RUNTIME_DIR: '/r', XDG_RUNTIME_DIR: '/x' })).toBe(
      `/r/${name}`
    );
    expect(socketDirectory('/data/shop', { XDG_RUNTIME_DIR: folder })).toBe(join(folder, 'argon', name));
    const temporary = join(tmpdir(), `argon-${process.getuid?.()}`, name);
    expect(socketDirectory('/data/shop', {})).toBe(temporary);
    expect(socketDirectory('/data/shop', { XDG_RUNTIME_DIR: join(folder, 'gone') })).toBe(temporary);
    expect(defaultDataDirectory({ ARGON_DATA: '/data' })).toBe('/data');
    expect(defaultDataDirectory({})).toBe(join(homedir(), '.argon'));
    expect(defaultDataDirectory({ ARGON_DATA: '' })).toBe(join(homedir(), '.argon'));
    expect(defaultDataDirectory({ ARGON_DATA: '~/shop' })).toBe(join(homedir(), 'shop'));
  });

  it('is below /tmp where the usual place is too long for a socket', () => {
    const long = join(folder, 'x'.repeat(80));
    mkdirSync(long);
    const found = socketDirectory('/data/shop', { XDG_RUNTIME_DIR: long });
    expect(found).toBe(
      socketDirectory('/data/shop', { ARGON_RUNTIME_DIR: `/tmp/argon-${process.getuid?.()}` })
    );
    expect(() => prepareSocketDirectory(socketDirectory('/data/shop', { ARGON_RUNTIME_DIR: long }))).toThrow(
      'Set ARGON_RUNTIME_DIR to a shorter directory'
    );
  });

  it('is the same through a link to the data', () => {
    const real = prepareDataDirectory(join(folder, 'data'));
    symlinkSync(real, join(folder, 'link'));
    expect(prepareDataDirectory(join(folder, 'link'))).toBe(real);
    expect(statSync(real).mode & 0o777).toBe(0o700);
  });

  it('is a directory for its owner alone', () => {
    const directory = join(folder, 'base', 'sockets');
    prepareSocketDirectory(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    chmodSync(directory, 0o755);
    prepareSocketDirectory(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('is refused when others could put something else there', () => {
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o777);
    mkdirSync(join(folder, 'open', 'sockets'));
    expect(distrust(join(folder, 'open', 'sockets'))).toContain('others can write');
    expect(() => prepareSocketDirectory(join(folder, 'open', 'sockets'))).toThrow('others can write');
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    expect(distrust(join(folder, 'link'))).toContain('not a directory');
  });

  it('is refused when its path is too long for a socket', () => {
    expect(() => prepareSocketDirectory(join(folder, 'x'.repeat(100)))).toThrow('ARGON_RUNTIME_DIR');
  });

  it('has a file that says who is there', () => {
    const directory = join(folder, 'sockets');
    prepareSocketDirectory(directory);
    expect(readBeacon(directory)).toBeUndefined();
    const beacon = {
      pid: process.pid,
      rpc: 'ws+unix:///s:/rpc',
      wire: 'mongodb://s/',
      version: '1',
      data: '/d',
      startedAt: 'now'
    };
    lightBeacon(directory, beacon);
    expect(readBeacon(directory)).toEqual(beacon);
    expect(statSync(join(directory, 'bridge.json')).mode & 0o777).toBe(0o600);
    lightBeacon(directory, { ...beacon, pid: 1 });
    douseBeacon(directory);
    expect(readBeacon(directory)?.pid).toBe(1);
    lightBeacon(directory, beacon);
    douseBeacon(directory);
    expect(readBeacon(directory)).toBeUndefined();
    writeFileSync(join(directory, 'bridge.json'), '{"pid":');
    expect(readBeacon(directory)).toBeUndefined();
  });
});
