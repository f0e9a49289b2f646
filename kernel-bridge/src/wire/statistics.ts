/** Counters that `serverStatus` shows. */
export class Statistics {
  readonly opcounters = { insert: 0, query: 0, update: 0, delete: 0, getmore: 0, command: 0 };
  connectionsOpen = 0;
  connectionsCreated = 0;
  bytesIn = 0;
  bytesOut = 0;
  requests = 0;
  /** Commands that were answered with an error. */
  failures = 0;

  /** Counts `count` operations of a command. */
  count(command: string, count = 1): void {
    switch (command) {
      case 'insert':
      case 'update':
      case 'delete':
        this.opcounters[command] += count;
        return;
      case 'find':
        this.opcounters.query += count;
        return;
      case 'getMore':
        this.opcounters.getmore += count;
        return;
      default:
        this.opcounters.command += count;
    }
  }
}
