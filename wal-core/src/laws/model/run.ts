import { numbersFrom } from '../chance';
import { releaseStates } from '../hold';
import { Run, type Sizes } from './book';
import { drop, dropIndex, makeIndex, renameCollection } from './catalog';
import { checkEvery, checkSome } from './check';
import type { Command } from './commands';
import { caughtUp, crash, discard, keep } from './crash';
import { merge, undo, undoRange } from './plans';
import { fork, pin, remove, rename, reset, unpin, wait } from './refs';
import { checkRetries, crowd, transaction, write } from './writes';

/** A command, and the chance that is its own: a shorter list of commands draws the same for those left. */
export interface Step {
  readonly command: Command;
  readonly chance: number;
}

/** What a run did: how often each command had something to do, and how many states were compared. */
export interface Done {
  readonly commands: Readonly<Record<string, number>>;
  readonly compared: number;
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
    case 'undo-range':
      return undoRange(run, book.name(command.on), command.at, command.answers);
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
    return { commands, compared: run.compared };
  } finally {
    releaseStates();
    run.disk.giveBack();
    await run.world.close();
    discard(run);
  }
}
