/** @type {import('jest').Config} */
module.exports = {
  displayName: 'wal-core',
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.spec.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { isolatedModules: true, diagnostics: false }] },
  moduleNameMapper: {
    '^@argon/wal-core$': '<rootDir>/src/index.ts',
    '^mlflow-ts-client$': '<rootDir>/../kernel-bridge/mlflow-ts-client/src/index.ts'
  }
};
