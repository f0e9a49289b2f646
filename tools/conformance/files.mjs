/** The files of PyMongo's own tests that are run, by what stands between `test_` and `.py`. */
export const FILES = [
  'crud_unified',
  'collection',
  'cursor',
  'database',
  'bulk',
  'change_stream',
  'transactions_unified',
  'sessions_unified',
  'session',
  'collection_management',
  'index_management',
  'run_command',
  'retryable_writes_unified',
  'retryable_reads_unified'
];

/** Those that `npm test` runs: the ones that wait for nothing. */
export const QUICK_FILES = ['crud_unified', 'sessions_unified', 'collection_management', 'run_command'];
