import type { IncomingHttpHeaders } from 'node:http';

/** Which pages and host names may open a connection. */
export interface UpgradePolicy {
  /** Origins of pages, such as `https://hub.example.org`. */
  readonly origins: readonly string[];
  /** Host names beside the loopback ones, without a port. */
  readonly hosts: readonly string[];
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Why a request is refused; undefined when it may pass. Programs send no `Origin` and pass; a page is
 * let in only when its origin is listed. `Host` must be a loopback name or listed, so that a page that
 * rebinds its own name to this machine does not get in.
 */
export function refusal(headers: IncomingHttpHeaders, policy: UpgradePolicy): string | undefined {
  const host = hostName(headers.host ?? '');
  if (!LOOPBACK_HOSTS.has(host) && !policy.hosts.some(allowed => allowed.toLowerCase() === host)) {
    return 'the Host header is not allowed';
  }
  const { origin } = headers;
  if (origin !== undefined && !policy.origins.includes(origin)) {
    return 'the Origin header is not allowed';
  }
  return undefined;
}

/** `localhost:8080` and `[::1]:80` without the port, in lower case. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}
