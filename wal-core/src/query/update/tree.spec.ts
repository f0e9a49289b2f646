import fc from 'fast-check';
import { checkDocument, documentOf, type RawValue } from '../../bson';
import { anyDocument, anyValue, int32, string } from '../../bson/testing';
import { random, runs } from '../../laws/chance';
import { MutableValue } from './tree';

const ABSENT = 'a name that no document has';

interface Step {
  readonly kind: 'set' | 'add' | 'remove' | 'read';
  readonly path: readonly string[];
  readonly value: RawValue;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('set', 'set', 'add', 'remove', 'read'),
  path: fc.array(fc.constantFrom('a', 'b', 'ab', 'é', '0', ''), { minLength: 1, maxLength: 2 }),
  value: anyValue
});

/** Does steps to a document; `meet` sees each value on the way before anything is done to it. */
function changed(doc: Buffer, steps: readonly Step[], meet: (value: MutableValue) => void): Buffer {
  const root = MutableValue.of(doc);
  meet(root);
  const at = (path: readonly string[]): MutableValue | undefined =>
    path.reduce<MutableValue | undefined>((value, name) => {
      const child = value?.child(name);
      if (child !== undefined) {
        meet(child);
      }
      return child;
    }, root);
  for (const { kind, path, value } of steps) {
    const name = path.at(-1)!;
    const parent = at(path.slice(0, -1));
    if (kind === 'set') {
      at(path)?.set(value);
    } else if (kind === 'remove') {
      parent?.remove(name);
    } else if (kind === 'add' && parent?.isObject === true && parent.child(name) === undefined) {
      parent.add(name, value);
    } else {
      root.raw();
    }
  }
  return root.raw().bytes;
}

describe('a document that is being changed', () => {
  it(random('is the same whether all of it was taken apart or only what was looked at'), () => {
    fc.assert(
      fc.property(anyDocument, fc.array(anyStep, { maxLength: 8 }), (doc, steps) => {
        const bytes = changed(doc, steps, () => undefined);
        checkDocument(bytes);
        // To remove what is not there takes it apart and changes nothing.
        const whole = changed(doc, steps, value => value.remove(ABSENT));
        expect(bytes.toString('hex')).toBe(whole.toString('hex'));
      }),
      runs(2_000)
    );
  });

  it('is the very same where nothing was changed, and a copy where a number was', () => {
    const of = (n: number) =>
      documentOf([
        { name: 'n', ...int32(n) },
        { name: 's', ...string('text') }
      ]);
    const doc = of(1);
    const root = MutableValue.of(doc);
    expect(root.child('n')!.raw()).toEqual(int32(1));
    expect(root.raw().bytes).toBe(doc);
    root.child('n')!.set(int32(7));
    expect([root.raw().bytes, doc]).toEqual([of(7), of(1)]);
  });
});
