import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from '@mongodb-js/saslprep';

/**
 * SCRAM-SHA-256, the server's side: the password itself is neither kept nor sent.
 * https://www.rfc-editor.org/rfc/rfc5802, https://www.rfc-editor.org/rfc/rfc7677
 */
export const SCRAM_MECHANISM = 'SCRAM-SHA-256';

/** As MongoDB's own default. */
const ITERATIONS = 15_000;
const SALT_BYTES = 28;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;
/** Longest message of a client: names and nonces are short. */
const MESSAGE_CHARS_MAX = 4_096;

/** What is kept of a password: enough to check it, not enough to sign in with. */
export interface Verifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const derive = promisify(pbkdf2);
const hmac = (key: Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const hash = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

/** Makes the verifier of a password. @throws Error when the password holds characters that SASLprep prohibits */
export async function makeVerifier(password: string, iterations = ITERATIONS): Promise<Verifier> {
  const salt = randomBytes(SALT_BYTES);
  const salted = await derive(saslprep(password), salt, iterations, KEY_BYTES, 'sha256');
  return {
    iterations,
    salt,
    storedKey: hash(hmac(salted, 'Client Key')),
    serverKey: hmac(salted, 'Server Key')
  };
}

/** The verifier nobody has the password of: unknown users cost and look the same as known ones. */
export function pretendedVerifier(secret: Buffer, user: string): Verifier {
  const from = (label: string): Buffer => hmac(secret, `${label}\0${user}`);
  return {
    iterations: ITERATIONS,
    salt: from('salt').subarray(0, SALT_BYTES),
    storedKey: from('stored key'),
    serverKey: from('server key')
  };
}

/** A message that is no SCRAM, or a proof that is wrong. Says nothing about which. */
export class ScramFault extends Error {}

/** The user a client's first message names, before anything is known of them. @throws ScramFault */
export function readFirstMessage(message: string): { user: string; nonce: string; bare: string } {
  // No channel binding: `n,,` or, from a client that could have done it, `y,,`.
  const found = /^[ny],(?:a=[^,]*)?,(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+))$/.exec(message);
  if (found === null || message.length > MESSAGE_CHARS_MAX) {
    throw new ScramFault('the first message is no SCRAM message');
  }
  const [, bare, name, nonce] = found;
  if (/=(?!2C|3D)/.test(name!)) {
    throw new ScramFault('the user name is not escaped as SCRAM asks');
  }
  return { user: name!.replaceAll('=2C', ',').replaceAll('=3D', '='), nonce: nonce!, bare: bare! };
}

/** One exchange: the challenge after the first message, the check of the answer to it. */
export class ScramExchange {
  private readonly nonce: string;
  /** The server's first message. */
  readonly challenge: string;

  constructor(
    private readonly first: { readonly nonce: string; readonly bare: string },
    private readonly verifier: Verifier,
    ownNonce: string = randomBytes(NONCE_BYTES).toString('base64')
  ) {
    this.nonce = first.nonce + ownNonce;
    this.challenge = `r=${this.nonce},s=${verifier.salt.toString('base64')},i=${verifier.iterations}`;
  }

  /** The server's last message, when the client's proves that it knows the password. @throws ScramFault */
  finish(message: string): string {
    const found = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)),p=([A-Za-z0-9+/=]+)$/.exec(message);
    if (found === null || message.length > MESSAGE_CHARS_MAX) {
      throw new ScramFault('the last message is no SCRAM message');
    }
    const [, bare, binding, nonce, proof] = found;
    const header = Buffer.from(binding!, 'base64').toString();
    if (nonce !== this.nonce || !/^[ny],(?:a=[^,]*)?,$/.test(header)) {
      throw new ScramFault('the last message belongs to another exchange');
    }
    const signed = `${this.first.bare},${this.challenge},${bare}`;
    const signature = hmac(this.verifier.storedKey, signed);
    const given = Buffer.from(proof!, 'base64');
    if (given.length !== KEY_BYTES) {
      throw new ScramFault('the proof has the wrong length');
    }
    const clientKey = Buffer.from(given.map((byte, at) => byte ^ signature[at]!));
    if (!timingSafeEqual(hash(clientKey), this.verifier.storedKey)) {
      throw new ScramFault('the proof is wrong');
    }
    return `v=${hmac(this.verifier.serverKey, signed).toString('base64')}`;
  }
}
