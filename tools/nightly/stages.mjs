/** What a nightly run does, and how much of it. */

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {readonly string[]} specs names of spec files, without `.spec.ts`
 * @property {string} [config] the jest configuration that they belong to; the engine's when absent
 * @property {string} figure what is counted
 * @property {number} target so much of it is the whole length
 * @property {number} effort how many times more than in the suite one round does
 * @property {number} share of the time, when there is less than the whole length needs
 */

/** @type {readonly Stage[]} */
export const STAGES = [
  {
    name: 'model',
    specs: ['law-02-model'],
    figure: 'model commands',
    target: 100_000,
    effort: 1,
    share: 0.3
  },
  { name: 'kills', specs: ['law-01-durable-ack'], figure: 'kills', target: 2_000, effort: 0.5, share: 0.2 },
  {
    name: 'crash-states',
    specs: ['law-12-crash-states'],
    figure: 'crash states',
    target: 20_000,
    effort: 2,
    share: 0.1
  },
  {
    name: 'errors',
    specs: ['law-12-injected-errors'],
    figure: 'injected errors',
    target: 2_000,
    effort: 2,
    share: 0.1
  },
  {
    name: 'flips',
    specs: ['law-12-flipped-bits', 'lmdb/check', 'law-12-full-disk'],
    figure: 'flipped bits',
    target: 5_000,
    effort: 2,
    share: 0.05
  },
  {
    name: 'histories',
    specs: ['law-02-histories'],
    figure: 'histories',
    target: 2_000,
    effort: 1,
    share: 0.05
  },
  {
    name: 'wire',
    specs: ['histories/histories'],
    config: 'e2e/jest.config.js',
    figure: 'wire histories',
    target: 200,
    effort: 8,
    share: 0.05
  },
  {
    name: 'runs',
    specs: ['mlflow/reproduce'],
    config: 'kernel-bridge/jest.config.js',
    figure: 'run histories',
    target: 1_000,
    effort: 5,
    share: 0.05
  },
  {
    name: 'fuzz',
    specs: ['wire/fuzz'],
    config: 'kernel-bridge/jest.config.js',
    figure: 'broken messages',
    target: 100_000,
    effort: 10,
    share: 0.03
  }
];

/** Share of the time for the seeded bugs, which come last. */
export const BUGS_SHARE = 0.15;
