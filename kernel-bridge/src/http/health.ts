import type { IncomingMessage, ServerResponse } from 'node:http';

/** How the process is, for whoever watches it. */
export interface Health {
  /** False while the process starts or ends. */
  readonly ready: boolean;
  /** Why the engine takes no more writes. */
  readonly failed?: string;
}

/**
 * Answers `GET /healthz` (200 unless the engine has failed) and `GET /readyz` (200 once everything
 * listens), as JSON; everything else is 404.
 */
export function answerHealth(request: IncomingMessage, response: ServerResponse, health: Health): void {
  const path = (request.url ?? '').split('?')[0];
  const isProbe = path === '/healthz' || path === '/readyz';
  if (!isProbe) {
    return answer(response, 404, { error: 'not found' });
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return answer(response, 405, { error: 'method not allowed' });
  }
  if (health.failed !== undefined) {
    return answer(response, 503, { status: 'failed', reason: health.failed });
  }
  const isUp = path === '/healthz' || health.ready;
  answer(response, isUp ? 200 : 503, { status: isUp ? 'ok' : 'starting' });
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff'
  });
  response.end(text);
}
