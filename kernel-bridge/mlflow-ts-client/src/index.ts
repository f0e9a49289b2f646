export * from './client';
export * from './errors';
export type { MlflowClientOptions } from './transport';
export * from './types';
