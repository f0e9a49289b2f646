import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { canReach, serverFor } from './network.mjs';

test('the server of an address, or the proxy in front of it', () => {
  assert.deepEqual(serverFor('https://packages.example/', {}), { host: 'packages.example', port: 443 });
  assert.deepEqual(serverFor('http://packages.example:8080/npm/', {}), {
    host: 'packages.example',
    port: 8080
  });
  assert.deepEqual(serverFor('https://packages.example/', { HTTPS_PROXY: 'http://proxy:3128' }), {
    host: 'proxy',
    port: 3128
  });
  assert.deepEqual(serverFor('http://[::1]:4873/', {}), { host: '::1', port: 4873 });
});

test('a server that listens is reached, one that does not is not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;
  assert.equal(await canReach(url), true);
  server.close();
  await once(server, 'close');
  assert.equal(await canReach(url), false);
});
