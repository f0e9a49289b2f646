import { checkTypes, type ArgumentTypes } from './argument-types';
import type { Arguments } from './arguments';
import type { DocumentBuilder } from './builder';
import type { CommandContext } from './context';

/** What a command answers: the fields before `ok`. */
export type Reply = DocumentBuilder;

/** One command of the protocol. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What mongod's errors call its arguments, when that is not the name. */
  readonly where?: string;
  /** Fields it takes beside the generic ones; undefined takes any. */
  readonly fields?: readonly string[];
  /** Types of arguments that mongod checks while it reads the command, whether or not they come to be used. */
  readonly types?: ArgumentTypes;
  readonly adminOnly?: boolean;
  /** Answers also a client that has to sign in and did not yet. */
  readonly beforeSignIn?: boolean;
  /** May carry a txnNumber. */
  readonly retryable?: boolean;
  readonly writes?: boolean;
  /** Follows a read concern. */
  readonly reads?: boolean;
  /** Follows any read concern, also `{level: 'snapshot'}`. */
  readonly snapshots?: boolean;
  /** `maxTimeMS` is how long it waits, not how long it may take. */
  readonly waits?: boolean;
  /** Its place in a multi-document transaction: `follows` may not be the first, `ends` ends one. Absent: not in one. */
  readonly transaction?: 'runs' | 'follows' | 'ends';
  run(context: CommandContext): Reply | Promise<Reply>;
}

/** Commands by name. */
export class Registry {
  private readonly commands = new Map<string, Command>();

  constructor(commands: readonly Command[]) {
    for (const command of commands) {
      for (const name of [command.name, ...(command.aliases ?? [])]) {
        if (this.commands.has(name)) {
          throw new Error(`two commands are called ${name}`);
        }
        this.commands.set(name, command);
      }
    }
  }

  get(name: string): Command | undefined {
    return this.commands.get(name);
  }

  all(): Command[] {
    return [...new Set(this.commands.values())];
  }
}

/** Checks the fields of a command and their types as its definition says. */
export function checkFields(command: Command, args: Arguments, name: string): void {
  if (command.fields !== undefined) {
    args.only([name, ...command.fields]);
  }
  checkTypes(command.types, args);
}
