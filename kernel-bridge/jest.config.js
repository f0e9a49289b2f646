/** @type {import('jest').Config} */
module.exports = {
  displayName: 'kernel-bridge',
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.spec.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { isolatedModules: true, diagnostics: false }] },
  moduleNameMapper: {
    '^@argon/wal-core$': '<rootDir>/../wal-core/src/index.ts',
    '^mlflow-ts-client$': '<rootDir>/mlflow-ts-client/src/index.ts'
  }
};
