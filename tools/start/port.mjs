/** Ports of this machine. */
import { createServer } from 'node:net';
import { DEFAULT_PORT } from './options.mjs';
import { Trouble } from '../setup/trouble.mjs';

const HOST = '127.0.0.1';

/** Tries a port: the port that was got (for 0: a free one), or undefined when it is taken or forbidden. */
export function tryPort(port) {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const got = server.address().port;
      server.close(() => resolve(got));
    });
  });
}

/**
 * The port to use.
 * @throws {Trouble} when it is busy, naming one that is free
 */
export async function requirePort(port) {
  const got = await tryPort(port);
  if (got !== undefined) {
    return got;
  }
  let free = port;
  for (let next = port + 1; next <= Math.min(port + 20, 65_535) && free === port; next++) {
    free = (await tryPort(next)) ?? port;
  }
  const other = free === port ? 0 : free;
  const isDefault = port === DEFAULT_PORT ? ', which JupyterLab uses by default,' : '';
  throw new Trouble(
    `Port ${port} of ${HOST}${isDefault} is busy: another program listens on it. Stop that one, or take another port: npm start -- --lab --port ${other}`
  );
}
