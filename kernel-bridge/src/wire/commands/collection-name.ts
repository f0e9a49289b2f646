import { T, TYPE_NAMES, type RawValue } from '@argon/wal-core';
import { decode, stringOf, type Arguments } from '../arguments';
import type { MongoCodeName } from '../codes';
import type { CommandContext } from '../context';
import { MongoError } from '../errors';
import { checkCollectionName } from '../namespace';

const UUID_SUBTYPE = 4;

/** A whole namespace, `database.collection`. @throws MongoError 2 */
export function namespaceOf(args: Arguments, name: string): string {
  return nameIn(args.get(name), 'BadValue');
}

/** @throws MongoError `wrongType` */
function nameIn(value: RawValue | undefined, wrongType: MongoCodeName): string {
  if (value?.type !== T.STRING && value?.type !== T.SYMBOL) {
    throw new MongoError(
      wrongType,
      `collection name has invalid type ${TYPE_NAMES[value?.type ?? T.NULL] ?? 'missing'}`
    );
  }
  return stringOf(value);
}

/** Name of the collection a command is about: its first field. @throws MongoError 2, 73 */
export function collectionNameOf(
  { args, database }: Pick<CommandContext, 'args' | 'database'>,
  { wrongType = 'BadValue', writes = false }: { wrongType?: MongoCodeName; writes?: boolean } = {}
): string {
  const [first] = args.names();
  const value = first === undefined ? undefined : args.get(first);
  if (value?.type === T.BINARY && value.bytes[4] === UUID_SUBTYPE) {
    if (writes) {
      throw new MongoError('BadValue', 'Collection name must be provided. UUID is not valid in this context');
    }
    throw new MongoError(
      'NamespaceNotFound',
      `Unable to resolve ${String(decode(value))}: Argon finds collections by name`
    );
  }
  const name = nameIn(value, wrongType);
  checkCollectionName(database, name);
  return name;
}

/** The same for a command that queries it, of which mongod asks a little more. @throws MongoError 2, 73 */
export function queriedNameOf(
  context: Pick<CommandContext, 'args' | 'database'>,
  wrongType: MongoCodeName = 'BadValue'
): string {
  const name = collectionNameOf(context, { wrongType });
  if (name.includes('$')) {
    throw new MongoError(
      'InvalidNamespace',
      `Invalid collection name specified '${context.database}.${name}'`
    );
  }
  return name;
}
