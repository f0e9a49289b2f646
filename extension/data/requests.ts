import type { ArgonClient } from '../client/client';
import type { Methods } from '../client/protocol';

/** Calls that can be stopped. */
type Stoppable = 'documents.find' | 'documents.count' | 'documents.compare';

/** Calls of one view, each with a name of its own, so that they can be stopped. */
export class Requests {
  constructor(client: ArgonClient) {
    this._client = client;
    this._view = Private.nextView();
  }

  async call<M extends Stoppable>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    const request = `${this._view}.${++this._last}`;
    this._open.add(request);
    try {
      return await this._client.call(method, { ...params, request });
    } finally {
      this._open.delete(request);
    }
  }

  /** Stops what is under way. */
  cancel(): void {
    for (const request of this._open) {
      void this._client.call('documents.cancel', { request }).catch(() => undefined);
    }
  }

  private readonly _client: ArgonClient;
  private readonly _view: number;
  private readonly _open = new Set<string>();
  private _last = 0;
}

namespace Private {
  let last = 0;

  /** A number of each view, so that two views never name a request alike. */
  export function nextView(): number {
    return ++last;
  }
}
