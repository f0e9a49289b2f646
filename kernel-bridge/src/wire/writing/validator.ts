import {
  T,
  compileFilter,
  field,
  validationDetails,
  type CollectionInfo,
  type Filter
} from '@argon/wal-core';
import { decode, stringOf } from '../arguments';
import { MongoError } from '../errors';
import type { WriteTerms } from './apply';
import { idOf } from './document';

interface Rule {
  readonly filter: Filter;
  readonly source: Buffer;
  readonly moderate: boolean;
}

const rules = new WeakMap<Buffer, Rule | 'none'>();

/**
 * Holds a document to the validator of its collection. `before` is the image an update replaces: at level
 * `moderate` a document that broke the rule already may go on doing so.
 * @throws MongoError 121
 */
export function checkValidator(
  terms: WriteTerms,
  collection: CollectionInfo,
  after: Buffer,
  before?: Buffer
): void {
  if (!terms.validates) {
    return;
  }
  const rule = ruleOf(collection);
  if (rule === 'none' || rule.filter.matches(after)) {
    return;
  }
  if (rule.moderate && before !== undefined && !rule.filter.matches(before)) {
    return;
  }
  throw new MongoError('DocumentValidationFailure', 'Document failed validation', {
    fields: {
      errInfo: {
        failingDocumentId: decode(idOf(after)),
        details: decode({ type: T.OBJECT, bytes: validationDetails(rule.source, after) })
      }
    }
  });
}

function ruleOf({ options }: CollectionInfo): Rule | 'none' {
  let rule = rules.get(options);
  if (rule === undefined) {
    rule = readRule(options);
    rules.set(options, rule);
  }
  return rule;
}

function readRule(options: Buffer): Rule | 'none' {
  const validator = field(options, 'validator');
  const level = field(options, 'validationLevel');
  const action = field(options, 'validationAction');
  const isOff = level?.type === T.STRING && stringOf(level) === 'off';
  const onlyWarns = action?.type === T.STRING && stringOf(action) === 'warn';
  if (validator?.type !== T.OBJECT || isOff || onlyWarns) {
    return 'none';
  }
  const filter = compileFilter(validator.bytes);
  const moderate = level?.type === T.STRING && stringOf(level) === 'moderate';
  return filter.isEmpty ? 'none' : { filter, source: validator.bytes, moderate };
}
