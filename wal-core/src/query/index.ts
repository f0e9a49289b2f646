/** Queries on raw BSON, exact against MongoDB: filters, projections, sorts, updates and pipelines. */
export * from './api';
export { codeName, notImplemented, queryError } from './error';
export { parseFieldPath } from './expression';
export { compileFilter } from './filter';
export { documentTest } from './documenttest';
export { compileProjection } from './projection';
export { compileSort } from './sort';
export { compileUpdate } from './update';
export { compilePipeline, runPipeline, splitPipeline } from './pipeline';
export { COLLATION_FIELDS, parseCollation, indexCollation } from './collation';
export { openSpill } from './spill';
export { orderOf, type ValueOrder } from './order';
export { validationDetails } from './validation';
export { cheapestPlan, planIndexes, type PlannableIndex } from './planner';
