/**
 * Bugs that the laws' tests must catch. Each is a place in the engine's source and what stands there
 * instead; `npm test` holds the list true (tools/seeded-bugs/seeded-bugs.test.mjs).
 */

/** @type {readonly import('./tree.mjs').Bug[]} */
export const BUGS = [
  {
    name: 'skipped-flush',
    law: 1,
    what: 'a group is acknowledged without its fdatasync',
    file: 'log/file/log.ts',
    text: 'await this.fileSystem.sync(fd);',
    replacement: 'await Promise.resolve();',
    tests: ['law-12-fail-stop']
  },
  {
    name: 'ack-before-flush',
    law: 1,
    what: 'a group is acknowledged when it is written, before its fdatasync',
    file: 'log/file/log.ts',
    text: 'await this.fileSystem.sync(fd);',
    replacement:
      'for (const frame of group.frames.splice(0)) frame.durable(); await this.fileSystem.sync(fd);',
    tests: ['law-12-fail-stop']
  },
  {
    name: 'apply-before-flush',
    law: 1,
    what: 'the state is given a frame that is not on disk',
    file: 'write/commit.ts',
    text: 'traces = this.publish(shares, sections, isStreamed);',
    replacement: `traces = this.publish(shares, sections, isStreamed);
      this.parts.applier.add({
        frame,
        place,
        next: behind(place),
        ordinals: shares.map(({ ordinal }) => ordinal),
        hasCatalog: shares.some(({ stage }) => stage.hasCatalog)
      });`,
    tests: ['law-12-fail-stop']
  },
  {
    name: 'nothing-to-do-too-early',
    law: 1,
    what: 'who is told that there was nothing to do does not wait for the write that follows from',
    file: 'engine/write.ts',
    text: `await core.durable(branch.timeline, head);
    return { result, commit: undefined };`,
    replacement: 'return { result, commit: undefined };',
    tests: ['law-02-histories']
  },
  {
    name: 'conflict-not-found',
    law: 2,
    what: 'a transaction overwrites what was changed after its snapshot',
    file: 'write/conflicts.ts',
    text: 'if (newest !== undefined && newest.lsn > this.snapshot) {',
    replacement: 'if (newest !== undefined && newest.lsn > this.snapshot + 4) {',
    tests: ['law-02-histories', 'law-02-model']
  },
  {
    name: 'half-a-group-is-seen',
    law: 2,
    what: 'an LSN inside an atomic group means the changes up to it',
    file: 'branch/resolve.ts',
    text: 'return before === undefined ? { lsn } : { lsn: before, snappedFrom: lsn };',
    replacement: 'return before === undefined ? { lsn } : { lsn, snappedFrom: lsn };',
    tests: ['law-02-model']
  },
  {
    name: 'lsn-off-by-one',
    law: 2,
    what: 'a commit skips an LSN',
    file: 'write/commit.ts',
    text: 'next.get(project) ?? project.head + 1)',
    replacement: 'next.get(project) ?? project.head + 2)',
    tests: ['law-02-model']
  },
  {
    name: 'unapplied-too-new',
    law: 2,
    what: 'a reader sees an unapplied change behind its own LSN',
    file: 'read/unapplied.ts',
    text: 'if (versions[i]!.lsn <= cap) {',
    replacement: 'if (versions[i]!.lsn <= cap + 1) {',
    tests: ['law-02-model']
  },
  {
    name: 'shared-value-memory',
    law: 2,
    what: 'bytes that were read are overwritten by the next read',
    file: 'store/lmdb/buffers.ts',
    text: 'const value = copyOf(bytes, 0, length);',
    replacement: 'const value = bytes.subarray(0, length);',
    tests: ['law-02-one-state-per-lsn']
  },
  {
    name: 'fork-limit-off-by-one',
    law: 3,
    what: 'a child sees one change of its parent made after the fork',
    file: 'branch/model.ts',
    text: 'let cap = timeline.forkLsn;',
    replacement: 'let cap = (timeline.forkLsn + 1) as Lsn;',
    tests: ['law-03-isolation', 'law-02-model']
  },
  {
    name: 'lost-tombstone',
    law: 3,
    what: 'a delete is not written into the state, so that the version before it is back',
    file: 'write/rows.ts',
    text: `this.ver.push({
        table: 'ver',`,
    replacement: `if (record.image !== undefined) this.ver.push({
        table: 'ver',`,
    tests: ['law-02-model', 'law-03-isolation']
  },
  {
    name: 'last-change-lost-at-fork',
    law: 3,
    what: 'a child forked at the head lacks the newest change',
    file: 'branch/model.ts',
    text: 'let cap = timeline.forkLsn;',
    replacement: 'let cap = (timeline.forkLsn - 1) as Lsn;',
    tests: ['law-03-isolation', 'law-02-model']
  },
  {
    name: 'dyadic-level-off-by-one',
    law: 5,
    what: 'a dead index entry lies one level too high, where no reader of its block looks',
    file: 'store/keys.ts',
    text: 'const level = dyadicLevel(from, to);',
    replacement: 'const level = dyadicLevel(from, to) + 1;',
    tests: ['law-05-flat-time-travel', 'law-11-catalog-is-history']
  },
  {
    name: 'dead-entry-still-alive',
    law: 5,
    what: 'an index entry is found at the LSN that took it away',
    file: 'index/read.ts',
    text: 'const alive = from <= cap && cap < idxhKeyTo(row.key);',
    replacement: 'const alive = from <= cap && cap <= idxhKeyTo(row.key);',
    tests: ['law-05-flat-time-travel', 'law-11-catalog-is-history']
  },
  {
    name: 'index-masking-forgotten',
    law: 3,
    what: 'a child that removes a document leaves the entry that its parent has in the index',
    file: 'index/maintain.ts',
    text: 'this.set(row, timeline.parent === undefined ? undefined : encodeEntry(GONE, lsn, key.length));',
    replacement: 'this.set(row, undefined);',
    tests: ['law-11-catalog-is-history', 'law-03-isolation']
  },
  {
    name: 'merge-base-not-moved',
    law: 7,
    what: 'a merge does not count when the next one looks for its base',
    file: 'branch/seen.ts',
    text: 'if (isBefore && source !== undefined) {',
    replacement: 'if (isBefore && source === undefined) {',
    tests: ['law-07-diff-and-merge']
  },
  {
    name: 'virtual-base-wrong',
    law: 7,
    what: 'after a criss-cross the first base stands for all',
    file: 'merge/base.ts',
    text: 'if (sameImage(a, b) || sameImage(root, b)) {',
    replacement: 'if (sameImage(a, a) || sameImage(root, b)) {',
    tests: ['law-07-diff-and-merge']
  },
  {
    name: 'plan-applied-twice',
    law: 7,
    what: 'a plan that was applied may be applied again',
    file: 'engine/plans/book.ts',
    text: "if (plan.state === 'applied') {",
    replacement: "if (plan.state === 'stale') {",
    tests: ['law-07-diff-and-merge']
  },
  {
    name: 'plan-on-moved-head',
    law: 7,
    what: 'a plan is applied to a head that has moved since',
    file: 'engine/plans/book.ts',
    text: 'return branch.timeline.id === timeline && branch.timeline.head === lsn',
    replacement: 'return branch.timeline.id === timeline',
    tests: ['law-07-diff-and-merge']
  },
  {
    name: 'conflict-overlooked',
    law: 7,
    what: 'a path changed on both sides takes theirs unasked',
    file: 'merge/threeway.ts',
    text: 'if (same(ours, theirs) || same(base, theirs)) {',
    replacement: 'if (same(ours, theirs)) {',
    tests: ['law-07-diff-and-merge']
  },
  {
    name: 'undo-overwrites-later-change',
    law: 8,
    what: 'an undo takes a later change of the same document back without a word',
    file: 'merge/source.ts',
    text: 'isContested: isMixed,',
    replacement: `isContested: isMixed,
        ...(this.isPick ? {} : { base: this.parts.versions.get(this.ours.chain, collection, key) }),`,
    tests: ['law-08-nothing-is-lost']
  },
  {
    name: 'undo-ignores-mixture',
    law: 8,
    what: 'a change of others between the undone ones is not asked about',
    file: 'restore/undo.ts',
    text: 'isMixed: (flags & MIXED) !== 0',
    replacement: 'isMixed: false',
    tests: ['law-08-nothing-is-lost']
  },
  {
    name: 'reset-keeps-no-backup',
    law: 8,
    what: 'after a reset the backup points to where the branch was reset to',
    file: 'engine/branches.ts',
    text: `name: backup,
            timelineId: branch.timeline.id,`,
    replacement: `name: backup,
            timelineId: id,`,
    tests: ['law-08-nothing-is-lost', 'law-02-model']
  },
  {
    name: 'commit-time-goes-back',
    law: 10,
    what: 'commit times follow a wall clock that is set back',
    file: 'log/clock.ts',
    text: 'this.last = now > this.last ? now : this.last + 1n;',
    replacement: 'this.last = now;',
    tests: ['law-10-time-to-lsn']
  },
  {
    name: 'time-search-off-by-one',
    law: 10,
    what: 'a commit made exactly at the time asked for is not included',
    file: 'read/time.ts',
    text: '} else if (commit.time <= time) {',
    replacement: '} else if (commit.time < time) {',
    tests: ['law-10-time-to-lsn']
  },
  {
    name: 'unique-blind-to-unapplied',
    law: 11,
    what: 'a unique index does not see keys that wait to be applied',
    file: 'write/stagedkeys.ts',
    text: 'of pendingKeys.of(link.timeline.id, index, key)) {',
    replacement: 'of [] as ReturnType<PendingKeys["of"]>) {',
    tests: ['law-11-catalog-is-history', 'law-12-fail-stop']
  },
  {
    name: 'catalog-of-the-parent-now',
    law: 11,
    what: 'a child sees the collections that its parent has today',
    file: 'read/catalog.ts',
    text: 'this.at(timeline.parent, timeline.forkLsn);',
    replacement: 'this.at(timeline.parent, timeline.parent.head);',
    tests: ['law-11-catalog-is-history', 'law-02-model']
  },
  {
    name: 'digest-not-subtracting',
    law: 2,
    what: 'a document that goes stays in the digest',
    file: 'read/digest.ts',
    text: 'const difference = this.words[i]! - wordAt(digest, i) - borrow;',
    replacement: 'const difference = this.words[i]! - 0 * wordAt(digest, i) - borrow;',
    tests: ['law-02-model']
  },
  {
    name: 'count-walks-too-far',
    law: 2,
    what: 'the count of an old state takes one change too many back',
    file: 'read/stats.ts',
    text: 'this.walkBack(link.timeline, link.cap, row.lsn, collection, row.stats);',
    replacement: 'this.walkBack(link.timeline, (link.cap - 1) as Lsn, row.lsn, collection, row.stats);',
    tests: ['law-02-model']
  },
  {
    name: 'frame-checksum-ignored',
    law: 12,
    what: 'recovery takes a frame whose checksum does not fit',
    file: 'log/frame.ts',
    text: 'return crc32c(bytes.subarray(start, start + length)) === crc ? FRAME_HEADER_BYTES + length : undefined;',
    replacement: 'return crc === crc ? FRAME_HEADER_BYTES + length : undefined;',
    tests: ['law-12-fail-stop']
  },
  {
    name: 'refusal-too-early',
    law: 12,
    what: 'a refusal is given that follows from a write which is not on disk yet',
    file: 'engine/write.ts',
    text: `await core.durable(branch.timeline, head);
    throw error;`,
    replacement: 'throw error;',
    tests: ['law-12-fail-stop']
  },
  {
    name: 'row-checksum-ignored',
    law: 12,
    what: 'a row of the state is shown whose checksum does not fit',
    file: 'store/lmdb/store.ts',
    text: 'if (!isInOrder || !this.values.fits(key)) {',
    replacement: 'if (!isInOrder) {',
    tests: ['law-12-damaged-rows']
  },
  {
    name: 'version-checksum-ignored',
    law: 12,
    what: 'a document is shown whose checksum does not fit',
    file: 'read/version.ts',
    text: 'if (crc32c(image) !== value.readUInt32LE(1)) {',
    replacement: 'if (image === undefined) {',
    tests: ['law-12-fail-stop']
  },
  {
    name: 'torn-middle-cut',
    law: 12,
    what: 'damage before acknowledged frames is taken for a torn tail and cut off',
    file: 'log/file/recovery.ts',
    text: 'if (!options.mayBeTorn || wasDurable(window, at)) {',
    replacement: 'if (!options.mayBeTorn) {',
    tests: ['law-12-fail-stop', 'law-12-crash-states']
  },
  {
    name: 'torn-tail-not-cut',
    law: 12,
    what: 'recovery goes on behind a torn tail without cutting it off',
    file: 'log/file/recovery.ts',
    text: 'ftruncateSync(fd, at);',
    replacement: 'fstatSync(fd);',
    tests: ['law-12-crash-states']
  },
  {
    name: 'half-record-after-full-disk',
    law: 12,
    what: 'what a full disk took of a group stays in the log',
    file: 'log/file/log.ts',
    text: 'ftruncateSync(fd, start);',
    replacement: 'fstatSync(fd);',
    tests: ['law-12-injected-errors']
  },
  {
    name: 'writes-after-failed-flush',
    law: 12,
    what: 'a failed flush is forgotten, and the next writer is served',
    file: 'log/file/log.ts',
    text: 'this.fail(group, this.failure);',
    replacement: 'this.fail(group, this.failure); this.failure = undefined;',
    tests: ['law-12-fail-stop']
  },
  {
    name: 'lock-not-taken',
    law: 12,
    what: 'two engines open one directory',
    file: 'log/lock.ts',
    text: 'if (!tryLock(file)) {',
    replacement: 'if (tryLock === undefined) {',
    tests: ['law-12-fail-stop']
  },
  {
    name: 'stale-overlay',
    law: 2,
    what: 'an overlay keeps the older of two changes of a document that follow each other',
    file: 'overlay/overlay.ts',
    text: '} else if (lsn > entry.lsn) {',
    replacement: '} else if (lsn > entry.lsn + 1) {',
    tests: ['law-02-images', 'law-02-model']
  },
  {
    name: 'overlay-trimmed-too-far',
    law: 2,
    what: 'an overlay forgets one change more than the new image holds',
    file: 'overlay/overlay.ts',
    text: 'list.filter(entry => entry.lsn > lsn)',
    replacement: 'list.filter(entry => entry.lsn > lsn + 1)',
    tests: ['law-02-overlays']
  },
  {
    name: 'image-marked-early',
    law: 2,
    what: 'an image is made of a head that is not in the state yet, and marked as that head',
    file: 'image/keeper.ts',
    text: `const chain = head.chain(head.durableHead);
    await caughtUp();`,
    replacement: `const chain = head.chain(head.durableHead);
    void caughtUp;`,
    tests: ['law-02-images', 'law-02-model']
  },
  {
    name: 'page-checksum-ignored',
    law: 12,
    what: 'a page of an image is believed whose checksum does not fit',
    file: 'image/page.ts',
    text: 'crc32c(bytes.subarray(4, used)) !== bytes.readUInt32LE(0)',
    replacement: 'crc32c(bytes.subarray(4, used)) < 0',
    tests: ['law-12-images', 'law-12-flipped-bits']
  },
  {
    name: 'gc-past-a-pin',
    law: 9,
    what: 'garbage collection takes the state of a pin',
    file: 'gc/wanted.ts',
    text: "yield () => this.addHeld(pin.timeline, pin.lsn, { kind: 'pin', name: pin.name });",
    replacement: 'yield () => undefined;',
    tests: ['law-09-honest-end']
  },
  {
    name: 'gc-past-a-fork',
    law: 9,
    what: 'garbage collection takes the state that a branch was forked from',
    file: 'gc/wanted.ts',
    text: 'if (parent !== undefined && this.byTimeline.has(timeline)) {',
    replacement: 'if (parent === timeline && this.byTimeline.has(timeline)) {',
    tests: ['law-09-honest-end']
  },
  {
    name: 'deletion-before-the-deleted',
    law: 9,
    what: 'a deletion goes from the log while the log still has what it deleted',
    file: 'gc/collect.ts',
    text: 'const isStrict = broom.takesDeletions || hasTakenDeletions(store);',
    replacement: 'const isStrict = broom.isDry && broom.takesDeletions && hasTakenDeletions(store);',
    tests: ['law-09-horizon']
  },
  {
    name: 'gc-window-one-short',
    law: 9,
    what: 'garbage collection keeps one LSN less than it was told',
    file: 'gc/plan.ts',
    text: 'timeline.durableHead - keepLsns)',
    replacement: 'timeline.durableHead - keepLsns + 1)',
    tests: ['law-09-honest-end']
  },
  {
    name: 'replayed-times-forgotten',
    law: 1,
    what: 'while a replayed commit is not applied yet nobody knows when it was made, nor that it is a group',
    file: 'engine/replay.ts',
    text: 'project.recent.add({ timeline: id, firstLsn, lastLsn, time, atomic, group });',
    replacement: '',
    tests: ['law-01-early-readers']
  },
  {
    name: 'replayed-unique-keys-forgotten',
    law: 1,
    what: 'a start does not wait until unique indexes have the keys that were replayed',
    file: 'engine/replay.ts',
    text: 'this.isAwaited ||= index.unique;',
    replacement: '',
    tests: ['law-01-early-readers']
  },
  {
    name: 'retry-table-forgotten',
    law: 1,
    what: 'after a restart nobody knows which remembered replies a new one takes the place of',
    file: 'engine/core.ts',
    text: 'this.retries = RetryTable.load(remembered);',
    replacement: 'RetryTable.load(remembered);',
    tests: ['law-02-model']
  },
  {
    name: 'remembered-reply-lost',
    law: 1,
    what: 'remembered replies do not reach the state',
    file: 'write/rows.ts',
    text: 'for (const record of frame.control) {',
    replacement: 'for (const record of frame.control.filter(({ table }) => table !== TABLE.retry)) {',
    tests: ['law-02-model']
  },
  {
    name: 'applied-marker-too-early',
    law: 1,
    what: 'a large commit counts as applied when its first records are in the state',
    file: 'write/apply.ts',
    text: `await this.writeOneByOne(pieces);
      for (const frame of frames) {`,
    replacement: `await this.write([], frames);
      await this.writeOneByOne(pieces);
      for (const frame of frames) {`,
    tests: ['law-02-large-commits', 'law-01-durable-ack']
  },
  {
    name: 'id-given-again',
    law: 11,
    what: 'after a restart a new branch gets the id of one that was collected',
    file: 'gc/collect.ts',
    text: '...(isForgetting ? [registry.nextIds()] : [])',
    replacement: '...(isForgetting ? [] : [])',
    tests: ['law-11-ids', 'law-02-model']
  },
  {
    name: 'horizon-off-by-one',
    law: 9,
    what: 'a collection names a horizon one LSN behind the true one',
    file: 'gc/plan.ts',
    text: 'return interval.lo;',
    replacement: 'return (interval.lo + 1) as Lsn;',
    tests: ['law-09-horizon', 'law-09-honest-end']
  },
  {
    name: 'head-time-forgotten',
    law: 9,
    what: 'the time of a head goes when it is older than the window',
    file: 'gc/plan.ts',
    text: 'Math.min(this.oldest, window, timeline.durableHead) as Lsn',
    replacement: 'Math.min(this.oldest, window) as Lsn',
    tests: ['law-09-horizon', 'law-02-model']
  },
  {
    name: 'empty-answer-for-lost-history',
    law: 9,
    what: 'a state that was collected is shown as what is left of it',
    file: 'branch/kept.ts',
    text: 'if (owner.kept?.has(lsn) === false) {',
    replacement: 'if (owner.kept?.has(lsn) === undefined) {',
    tests: ['law-09-horizon', 'law-02-model']
  },
  {
    name: 'restore-off-by-one',
    law: 8,
    what: 'a restore gives back the state one LSN before the one asked for',
    file: 'engine/plans/maker.ts',
    text: 'const past = this.core.resolve(projectName, to);',
    replacement:
      "const past = this.core.resolve(projectName, to.replace(/@(\\d+)$/, (_, at) => '@' + (Number(at) - 1)));",
    tests: ['law-08-restore-and-blame', 'law-02-model']
  },
  {
    name: 'check-not-asked-for',
    law: 7,
    what: 'a protected branch takes plans that have not passed its checks',
    file: 'merge/checks.ts',
    text: 'if (branch?.isProtected !== true) {',
    replacement: 'if (branch?.isProtected !== undefined) {',
    tests: ['law-02-model', 'law-07-diff-and-merge']
  },
  {
    name: 'expired-too-early',
    law: 11,
    what: 'documents go a minute before their index says',
    file: 'engine/expiry.ts',
    text: 'Math.floor(nowMs - seconds * 1000)',
    replacement: 'Math.floor(nowMs - seconds * 1000 + 60_000)',
    tests: ['law-11-expiring-documents', 'law-02-model']
  },
  {
    name: 'codec-byte-ignored',
    law: 12,
    what: 'a block of a cold segment is unpacked as those of today are, whatever its codec',
    file: 'log/file/cold.ts',
    text: 'return inflateRawSync(body,',
    replacement: 'return brotliDecompressSync(body,',
    tests: ['golden/golden']
  }
];
