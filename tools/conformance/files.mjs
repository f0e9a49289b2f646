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
  'retryable_reads_unified',
  'gridfs',
  'gridfs_bucket',
  'gridfs_spec',
  'grid_file',
  'read_concern',
  'write_concern',
  'read_write_concern_spec',
  'causal_consistency',
  'transactions',
  'collation',
  'comment',
  'custom_types',
  'examples',
  'raw_bson',
  'streaming_protocol',
  'connection_monitoring',
  'client_backpressure'
];

/** Those that `npm test` runs: the ones that wait for nothing. */
export const QUICK_FILES = ['crud_unified', 'sessions_unified', 'collection_management', 'run_command'];
