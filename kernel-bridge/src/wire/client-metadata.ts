import { T, field } from '@argon/wal-core';
import { stringOf, type Arguments } from './arguments';

/** The name of the application in the metadata that come with the first `hello` of a connection. */
export function applicationName(hello: Arguments): string | undefined {
  const client = hello.get('client');
  const application = client?.type === T.OBJECT ? field(client.bytes, 'application') : undefined;
  const name = application?.type === T.OBJECT ? field(application.bytes, 'name') : undefined;
  return name?.type === T.STRING ? stringOf(name) : undefined;
}
