import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  SCRAM_MECHANISM,
  ScramExchange,
  ScramFault,
  pretendedVerifier,
  readFirstMessage
} from '../auth/scram';
import type { Users } from '../auth/users';
import { MongoError } from './errors';

/** A failed sign-in is answered after this time, so that guessing is slow. */
const FAILURE_DELAY_MS = 300;
/** Drivers send it back; a connection has one exchange at a time. */
const CONVERSATION_ID = 1;

/** The server's part of one step, as `saslStart` and `saslContinue` answer it. */
export interface SignInStep {
  readonly conversationId: number;
  readonly done: boolean;
  readonly payload: Buffer;
}

/** By what sign-ins of all connections are checked. */
export class SignInDesk {
  /** Salts of users that do not exist are made with it: the same as long as the bridge runs. */
  private readonly secret = randomBytes(32);

  constructor(readonly users: Users) {}

  /** Never says whether there is such a user. @throws ScramFault */
  exchange(message: string): { user: string; exchange: ScramExchange } {
    const first = readFirstMessage(message);
    const verifier = this.users.verifier(first.user) ?? pretendedVerifier(this.secret, first.user);
    return { user: first.user, exchange: new ScramExchange(first, verifier) };
  }
}

/** Who a connection is, and the exchange by which it says so. */
export class SignIn {
  /** Who signed in. */
  user: string | undefined;
  private running: { user: string; exchange: ScramExchange; skipsEmpty: boolean } | undefined;
  /** The proof was right; an old client wants one more empty round. */
  private proven: string | undefined;

  /** @param required whether commands are refused until somebody signed in */
  constructor(
    readonly required: boolean,
    private readonly desk: SignInDesk
  ) {}

  /** Whether commands are refused now. */
  get isMissing(): boolean {
    return this.required && this.user === undefined;
  }

  /** @throws MongoError 334, 18 */
  async start(mechanism: string, payload: Buffer, skipsEmpty: boolean): Promise<SignInStep> {
    this.forget();
    if (mechanism !== SCRAM_MECHANISM) {
      throw new MongoError(
        'MechanismUnavailable',
        `Received authentication for mechanism ${mechanism} which is unknown or not enabled`
      );
    }
    try {
      const { user, exchange } = this.desk.exchange(payload.toString());
      this.running = { user, exchange, skipsEmpty };
      return step(false, exchange.challenge);
    } catch (error) {
      return await refuse(error);
    }
  }

  /** @throws MongoError 18, 17 */
  async goOn(conversationId: number | undefined, payload: Buffer): Promise<SignInStep> {
    const { running, proven } = this;
    if ((running === undefined && proven === undefined) || conversationId !== CONVERSATION_ID) {
      throw new MongoError('ProtocolError', 'No SASL session state found');
    }
    this.forget();
    if (running === undefined) {
      this.user = proven;
      return step(true, '');
    }
    try {
      const last = running.exchange.finish(payload.toString());
      if (running.skipsEmpty) {
        this.user = running.user;
      } else {
        this.proven = running.user;
      }
      return step(running.skipsEmpty, last);
    } catch (error) {
      return await refuse(error);
    }
  }

  /** Nobody is signed in any more, and no exchange goes on. */
  forget(): void {
    this.user = undefined;
    this.running = undefined;
    this.proven = undefined;
  }
}

function step(done: boolean, payload: string): SignInStep {
  return { conversationId: CONVERSATION_ID, done, payload: Buffer.from(payload) };
}

async function refuse(error: unknown): Promise<never> {
  if (!(error instanceof ScramFault)) {
    // What is wrong with the file of users is for the log, not for somebody who is not known yet.
    throw new MongoError('InternalError', 'Argon cannot tell who you are: see its log', { cause: error });
  }
  await sleep(FAILURE_DELAY_MS);
  throw new MongoError('AuthenticationFailed', 'Authentication failed.');
}
