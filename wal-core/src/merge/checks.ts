import type { Branch } from '../branch/model';
import { checkCheckName } from '../branch/names';
import { ArgonError } from '../errors';
import { CHECK_DETAIL_BYTES_MAX } from '../limits';
import type { StoredPlan } from './plan';

/** @throws NAME_INVALID, LIMIT_EXCEEDED */
export function checkResult(name: string, detail = ''): void {
  checkCheckName(name);
  if (Buffer.byteLength(detail) > CHECK_DETAIL_BYTES_MAX) {
    throw new ArgonError(
      'LIMIT_EXCEEDED',
      `What a check says has at most ${CHECK_DETAIL_BYTES_MAX} bytes, not ${Buffer.byteLength(detail)}.`,
      { data: { limit: CHECK_DETAIL_BYTES_MAX, value: Buffer.byteLength(detail) } }
    );
  }
}

/** That a plan has passed what its branch asks for. @throws CHECKS_MISSING */
export function assertChecked(branch: Branch | undefined, { id, checks = [] }: StoredPlan): void {
  if (branch?.isProtected !== true) {
    return;
  }
  const results = new Map(checks.map(({ name, passed }) => [name, passed]));
  const asked = branch.checks ?? [];
  const missing = asked.filter(name => !results.has(name));
  const failed = asked.filter(name => results.get(name) === false);
  if (missing.length + failed.length > 0) {
    const words = [
      missing.length === 0 ? '' : `not run yet: ${missing.join(', ')}`,
      failed.length === 0 ? '' : `failed: ${failed.join(', ')}`
    ].filter(part => part !== '');
    throw new ArgonError(
      'CHECKS_MISSING',
      `${branch.name} takes ${id} when its checks have passed; ${words.join('; ')}.`,
      { data: { plan: id, missing, failed } }
    );
  }
}
