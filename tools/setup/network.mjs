/** Whether a server can be reached at all; asked once, so that nobody waits minutes for retries. */
import { connect } from 'node:net';

const PATIENCE_MS = 5_000;

/** The server that a request for `url` would dial: the proxy, if one is set. */
export function serverFor(url, env = process.env) {
  const isSecure = url.startsWith('https:');
  const proxies = isSecure
    ? [env.npm_config_https_proxy, env.HTTPS_PROXY, env.https_proxy]
    : [env.HTTP_PROXY, env.http_proxy];
  const target = new URL(proxies.find(Boolean) ?? url);
  const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
  return { host: target.hostname.replaceAll(/[[\]]/g, ''), port };
}

/** Whether a connection to the server of `url` can be opened. */
export function canReach(url, patienceMs = PATIENCE_MS) {
  let server;
  try {
    server = serverFor(url);
  } catch {
    // An address we do not understand: whoever uses it will say what is wrong with it.
    return Promise.resolve(true);
  }
  return new Promise(resolve => {
    const socket = connect({ ...server, timeout: patienceMs });
    const end = result => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
