import { numbersFrom } from '../chance';
import { releaseStates } from '../hold';
import { keyOf } from '../world';
import { backUp, discardBackup, restoreBackedUp } from './backup';
import { drop, dropIndex, makeIndex, renameCollection } from './catalog';
import { checkEvery, checkSome } from './check';
import { collect, retain } from './collect';
import type { Command } from './commands';
import { caughtUp, crash, discard, keep } from './crash';
import { sweep } from './expiry';
import { merge, pick, restore, undo, undoSome } from './plans';
import { fork, pin, protect, remove, rename, reset, unpin, wait } from './refs';
import { Run, type Sizes } from './run';
import { transaction } from './transactions';
import { checkRetries, crowd, write } from './writes';

/** A command, and the chance that is its own: a shorter list of commands draws the same for those left. */
export interface Step {
  readonly command: Command;
  readonly chance: number;
}

/** What a run did: how often each command had something to do, and how many states were compared. */
export interface Done {
  readonly commands: Readonly<Record<string, number>>;
  readonly compared: number;
  /** States taken away by garbage collection that said so. */
  readonly gone: number;
}

/** Every so many commands everything is compared. */
const THOROUGH_EVERY = 100;

function obey(run: Run, command: Command): Promise<boolean> | boolean {
  const { book, world } = run;
  switch (command.do) {
    case 'write':
      return write(run, command);
    case 'crowd':
      return crowd(run, command.writes);
    case 'transaction':
      return transaction(run, command.parts, command.meanwhile, command.commits);
    case 'branch':
      return fork(run, book.name(command.on), command.at, command.expiresIn);
    case 'reset':
      return reset(run, book.name(command.on), command.at);
    case 'pin':
      return pin(run, book.name(command.on), command.at);
    case 'unpin':
      return unpin(run, command.on);
    case 'delete':
      return remove(run, book.name(command.on));
    case 'rename':
      return rename(run, book.name(command.on));
    case 'undo':
      return undo(run, book.name(command.on));
    case 'undo-some':
      return undoSome(run, book.name(command.on), command.selection, command.answers);
    case 'pick':
      return pick(run, book.name(command.on), book.name(command.from), command.selection, command.answers);
    case 'restore':
      return restore(run, book.name(command.on), book.name(command.from), command.at, {
        collection: command.collection,
        ids: command.ids?.map(id => keyOf(id))
      });
    case 'protect':
      return protect(run, book.name(command.on), command.which);
    case 'retain':
      return retain(run, command.on === undefined ? undefined : book.name(command.on), command.retention);
    case 'collect':
      return collect(run, command.retention);
    case 'back-up':
      return backUp(run, command.writes);
    case 'restore-backup':
      return restoreBackedUp(run);
    case 'sweep':
      return sweep(run);
    case 'index':
      return makeIndex(run, book.name(command.on), command.collection, command.which);
    case 'unindex':
      return dropIndex(run, book.name(command.on), command.collection, command.which);
    case 'drop':
      return drop(run, book.name(command.on), command.collection);
    case 'rename-collection':
      return renameCollection(run, book.name(command.on), command.collection);
    case 'merge':
      return merge(run, book.name(command.on), book.name(command.from), command.answers);
    case 'wait':
      return wait(run, command.ms);
    case 'crash':
      return crash(run, command);
    case 'reopen':
      return world.reopen().then(() => true);
    case 'settle':
      return caughtUp(run).then(() => true);
    case 'keep':
      return keep(run);
  }
}

/**
 * Runs commands on a new engine and on a model of plain maps, and compares the two after each.
 * @throws at the first difference
 */
export async function runSteps(steps: readonly Step[], sizes: Sizes): Promise<Done> {
  const run = await Run.open(sizes);
  const commands: Record<string, number> = {};
  try {
    for (const [i, { command, chance }] of steps.entries()) {
      run.below = numbersFrom(chance);
      if (await obey(run, command)) {
        commands[command.do] = (commands[command.do] ?? 0) + 1;
      }
      await checkSome(run, command.do === 'crash' || command.do === 'reopen');
      checkRetries(run);
      if ((i + 1) % THOROUGH_EVERY === 0 || i === steps.length - 1) {
        await checkEvery(run);
      }
    }
    return { commands, compared: run.compared, gone: run.gone };
  } finally {
    releaseStates();
    run.disk.giveBack();
    await run.world.close();
    discard(run);
    discardBackup(run);
  }
}
