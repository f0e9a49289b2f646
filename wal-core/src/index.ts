export * from './api';
export * from './errors';
export * from './bson';
export * from './query';
export { openEngine } from './engine';
export { checkBranchName, checkCollectionName, checkProjectName } from './branch/names';
export { type ParsedRef, parseRef } from './branch/ref';
export { commitTimeAt, commitTimeEnd, instantOf } from './log/clock';
export { diffFields } from './diff/fields';
