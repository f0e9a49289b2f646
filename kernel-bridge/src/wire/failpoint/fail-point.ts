import { T, type RawValue } from '@argon/wal-core';
import { Arguments, numberOf, stringOf } from '../arguments';
import { MongoError } from '../errors';

/** When a fail point acts: on the calls after `skip`, as often as `times`, each with this probability. */
interface Mode {
  skip: number;
  times: number;
  readonly probability: number;
}

/** One switch by which the tests of drivers make the server fail. What it does then is up to who asks it. */
export class FailPoint<Data> {
  private mode: Mode | undefined;
  private data: Data | undefined;
  private entered = 0;

  /** @param read what the data of `configureFailPoint` mean */
  constructor(private readonly read: (data: Arguments | undefined) => Data) {}

  /** Arms it or takes it away; answers how often it acted since it was armed. @throws MongoError 2, 14 */
  configure(mode: RawValue | undefined, data: Arguments | undefined): number {
    const next = readMode(mode);
    const meant = next === undefined ? undefined : this.read(data);
    const entered = this.entered;
    this.mode = next;
    this.data = meant;
    this.entered = 0;
    return entered;
  }

  /** What to do now; undefined: nothing. `isMeant`: whether this is a call it is about, which alone counts. */
  enter(isMeant: (data: Data) => boolean = () => true): Data | undefined {
    const { mode, data } = this;
    if (mode === undefined || data === undefined || !isMeant(data)) {
      return undefined;
    }
    if (mode.skip > 0) {
      mode.skip--;
      return undefined;
    }
    if (mode.times === 0 || Math.random() >= mode.probability) {
      return undefined;
    }
    mode.times--;
    this.entered++;
    return data;
  }
}

function readMode(mode: RawValue | undefined): Mode | undefined {
  if (mode?.type === T.STRING) {
    const name = stringOf(mode);
    if (name === 'off') {
      return undefined;
    }
    if (name === 'alwaysOn') {
      return { skip: 0, times: Infinity, probability: 1 };
    }
    throw new MongoError('BadValue', `unknown mode: ${name}`);
  }
  if (mode?.type !== T.OBJECT) {
    throw new MongoError('TypeMismatch', "'mode' must be a string or JSON object");
  }
  const counts = new Arguments(mode.bytes, 'mode');
  const probability = counts.get('activationProbability');
  const times = counts.integer('times', { min: 0 });
  const skip = counts.integer('skip', { min: 0 });
  if (times === undefined && skip === undefined && probability === undefined) {
    throw new MongoError(
      'BadValue',
      "'mode' must be one of 'off', 'alwaysOn', '{times:n}', '{skip:n}' or '{activationProbability:p}'"
    );
  }
  return {
    skip: skip ?? 0,
    times: times ?? Infinity,
    probability: probability === undefined ? 1 : (numberOf(probability) ?? 1)
  };
}
