/**
 * The tests that do not pass on Argon, with why. docs/compatibility.md shows them; a run fails when one
 * is missing here, and when one that is here passes.
 *
 * @typedef {object} Difference
 * @property {string} why for a person who reads what differs from MongoDB
 * @property {Readonly<Record<string, readonly string[]>>} tests by file, as `Class.test`; `Class.*` is all of a class
 */

/** @type {readonly Difference[]} */
export const DIFFERENCES = [
  {
    why: 'There are no indexes for text and geo.',
    tests: {
      collection: [
        'TestCollection.test_index_text',
        'TestCollection.test_index_geo2d',
        'TestCollection.test_index_2dsphere'
      ]
    }
  },
  {
    why: 'There is no JavaScript in the server, so no `$where`.',
    tests: { cursor: ['TestCursor.test_where', 'TestCursor.test_to_list_csot_applied'] }
  },
  {
    why: 'There are no time-series collections.',
    tests: {
      collection_management: [
        'TestCollectionManagementTimeseriesCollection.test_createCollection_with_all_options',
        'TestCollectionManagementTimeseriesCollection.test_createCollection_with_bucketing_options',
        'TestCollectionManagementTimeseriesCollection.test_insertMany_with_duplicate_ids'
      ]
    }
  },
  {
    why: 'There is no profiler, so no `system.profile`.',
    tests: { cursor: ['TestCursor.test_comment'] }
  },
  {
    why: 'There is no `local.oplog.rs`: change streams, `%argon log` and `argon log` read the history.',
    tests: { cursor: ['TestCursor.test_to_list_tailable'] }
  },
  {
    why: 'The image before and after a change is always there: nothing is to be enabled, and never is it missing.',
    tests: {
      change_stream: [
        'TestUnifiedChangeStreamsPreAndPostImages.test_fullDocument:required_with_changeStreamPreAndPostImages_disabled',
        'TestUnifiedChangeStreamsPreAndPostImages.test_fullDocument:whenAvailable_with_changeStreamPreAndPostImages_disabled',
        'TestUnifiedChangeStreamsPreAndPostImages.test_fullDocumentBeforeChange:required_with_changeStreamPreAndPostImages_disabled',
        'TestUnifiedChangeStreamsPreAndPostImages.test_fullDocumentBeforeChange:whenAvailable_with_changeStreamPreAndPostImages_disabled'
      ]
    }
  },
  {
    why: 'Argon says it is MongoDB 7.0; the test is for servers up to 6.0 and is skipped.',
    tests: {
      change_stream: [
        'TestUnifiedChangeStreamsResumeErrorLabels.test_change_stream_resumes_after_StaleShardVersion'
      ]
    }
  },
  {
    why: 'Expanded events do not tell of changed options of a collection, nor of the collection that a rename put aside.',
    tests: {
      change_stream: [
        'TestUnifiedChangeStreamsShowExpandedEvents.test_when_showExpandedEvents_is_true,_modify_events_are_reported',
        'TestUnifiedChangeStreamsShowExpandedEvents.test_when_showExpandedEvents_is_true,_new_fields_on_change_stream_events_are_handled_appropriately'
      ]
    }
  },
  {
    why: 'What MongoDB 7.0 added to change streams is not there: `$changeStreamSplitLargeEvent`, `disambiguatedPaths`.',
    tests: {
      change_stream: [
        'TestCollectionChangeStream.test_split_large_change',
        'TestUnifiedChangeStreamsDisambiguatedPaths.*'
      ]
    }
  },
  {
    why: 'These look for a secondary, and fail on a mongod of one node as well.',
    tests: {
      transactions_unified: [
        'TestUnifiedReadPref.test_secondary_readPreference',
        'TestUnifiedRunCommand.test_run_command_fails_with_explicit_secondary_read_preference',
        'TestUnifiedRunCommand.test_run_command_fails_with_secondary_read_preference_from_transaction_options'
      ]
    }
  },
  {
    why: 'A partial index is used when its conditions stand in the filter or follow from it, but from a comparison with no lower end nothing is concluded (`a: {$lte: 1.5}` from `a: {$lte: 1}`): NaN lies below all numbers; the answer is the same, `explain` shows a scan.',
    tests: { collection: ['TestCollection.test_index_filter'] }
  }
];

/** Why a test does not pass; undefined when it should. */
export function reasonOf(file, test, differences = DIFFERENCES) {
  const group = `${test.split('.')[0]}.*`;
  return differences.find(({ tests }) => tests[file]?.some(each => each === test || each === group))?.why;
}

/** Whether a test is in the list by its own name. Of one that is there by its class, others may pass. */
export const isListed = (file, test, differences = DIFFERENCES) =>
  differences.some(({ tests }) => tests[file]?.includes(test));
