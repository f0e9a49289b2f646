import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import type { WritePlace } from '../place';

/**
 * Gives the collection `from` the name `to`. A collection that has this name now goes in the same commit.
 * @throws NamespaceNotFound
 */
export async function takePlace(
  context: CommandContext,
  place: WritePlace,
  from: string,
  to: string
): Promise<void> {
  const { engine } = context.services;
  const { project, branch } = place;
  const replaced = await engine.dropCollection(project, branch, to, context.origin, { replacedBy: from });
  if (replaced) {
    context.commitTime = engine.lastCommitTime();
  } else {
    await renameTo(context, place, from, to);
  }
}

/** Gives the collection `from` the name `to`, which is free. @throws NamespaceNotFound */
export async function renameTo(
  context: CommandContext,
  { project, branch }: WritePlace,
  from: string,
  to: string
): Promise<void> {
  const { engine } = context.services;
  const { commit } = await engine.write(project, branch, context.origin, writer => {
    const info = writer.collection(from);
    if (info === undefined) {
      throw sourceNotFound(project, from);
    }
    return writer.renameCollection(info, to);
  });
  noteCommit(context, commit);
}

export function sourceNotFound(database: string, collection: string): MongoError {
  return new MongoError('NamespaceNotFound', `Source collection ${database}.${collection} does not exist`);
}
