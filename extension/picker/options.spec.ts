import { nullTranslator } from '@jupyterlab/translation';
import type { State } from '../client/protocol';
import { Penguins } from '../testing/penguins';
import { pickerOptions } from './options';

const trans = nullTranslator.load('jupyterlab_argon');
const now = Date.parse('2026-11-21T14:36:10.000Z');
const { branches, pins } = Penguins.story(now);

describe('the picker', () => {
  it('offers the branch of the session first, then the others, then pins', () => {
    const options = pickerOptions({
      text: '',
      branches,
      pins,
      state: undefined,
      current: 'clean-nulls',
      now,
      trans
    });
    expect(options.map(option => `${option.label}: ${option.note}`)).toEqual([
      'clean-nulls: 12 ahead · 3 behind',
      'main: protected',
      'exp/scale-features: 1,272 ahead · 5 behind',
      'relabel-gentoo: merged',
      'v1-paper: main@353 · read-only'
    ]);
    expect(options[0]?.isCurrent).toBe(true);
    expect(options.at(-1)?.ref).toBe('pin:v1-paper');
  });

  it('offers the state that was typed above all', () => {
    const state = {
      ref: 'main@353',
      time: new Date(now - 3_600_000).toISOString(),
      writable: false
    } as State;
    const options = pickerOptions({
      text: 'main@353',
      branches: [],
      pins,
      state,
      current: undefined,
      now,
      trans
    });
    expect(options.map(option => option.ref)).toEqual(['main@353', 'pin:v1-paper']);
    expect(options[0]?.note).toContain('read-only');
  });
});
