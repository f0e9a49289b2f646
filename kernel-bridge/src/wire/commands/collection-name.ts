import { T, TYPE_NAMES } from '@argon/wal-core';
import { stringOf } from '../arguments';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { checkCollectionName } from '../namespace';

/** Name of the collection a command is about: its first field. @throws MongoError 2, 73 */
export function collectionNameOf({ args, database }: Pick<CommandContext, 'args' | 'database'>): string {
  const [first] = args.names();
  const value = first === undefined ? undefined : args.get(first);
  if (value?.type !== T.STRING) {
    throw new MongoError(
      'BadValue',
      `collection name has invalid type ${TYPE_NAMES[value?.type ?? T.NULL] ?? 'missing'}`
    );
  }
  const name = stringOf(value);
  checkCollectionName(database, name);
  return name;
}

/** The same for a command that queries it, of which mongod asks a little more. @throws MongoError 2, 73 */
export function queriedNameOf(context: Pick<CommandContext, 'args' | 'database'>): string {
  const name = collectionNameOf(context);
  if (name.includes('$')) {
    throw new MongoError(
      'InvalidNamespace',
      `Invalid collection name specified '${context.database}.${name}'`
    );
  }
  return name;
}
