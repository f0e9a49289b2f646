import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** How the Jupyter server sees the bridge that it supervises. */
export interface IBridgeInfo {
  readonly state: 'stopped' | 'starting' | 'running' | 'missing' | 'failed';
  /** A sentence for a person: what is so, and what to do. */
  readonly message: string;
  /** Stable code of a `missing` or `failed` bridge. */
  readonly code?: string;
  /** Last lines of the bridge's log, oldest first. */
  readonly log: readonly string[];
}

/**
 * Asks the Jupyter server about the bridge, and to start it. The page never dials the bridge itself:
 * the server authenticates, supervises and relays.
 */
export class BridgeControl {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  /** How the bridge is now. */
  info(): Promise<IBridgeInfo> {
    return this._request({ method: 'GET' });
  }

  /** Starts the bridge; resolves with how it is then. */
  start(): Promise<IBridgeInfo> {
    return this._request({ method: 'POST', body: JSON.stringify({ action: 'start' }) });
  }

  /** Ends the bridge and starts it again. */
  restart(): Promise<IBridgeInfo> {
    return this._request({ method: 'POST', body: JSON.stringify({ action: 'restart' }) });
  }

  private async _request(init: RequestInit): Promise<IBridgeInfo> {
    const url = URLExt.join(this._settings.baseUrl, 'argon', 'bridge');
    const response = await ServerConnection.makeRequest(url, init, this._settings);
    if (response.status === 404) {
      return {
        state: 'missing',
        code: 'SERVER_EXTENSION_MISSING',
        message: 'The server extension of Argon is not enabled on this Jupyter server.',
        log: []
      };
    }
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    const info = (await response.json()) as Partial<IBridgeInfo>;
    return { ...info, state: info.state ?? 'failed', message: info.message ?? '', log: info.log ?? [] };
  }

  private readonly _settings: ServerConnection.ISettings;
}
