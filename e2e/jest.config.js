/** @type {import('jest').Config} */
module.exports = {
  displayName: 'e2e',
  testEnvironment: 'node',
  roots: ['<rootDir>/oracle', '<rootDir>/histories'],
  testMatch: ['**/*.spec.ts'],
  testTimeout: 120_000,
  transform: {
    '^.+\\.ts$': [
      'ts-jest',
      { isolatedModules: true, diagnostics: false, tsconfig: '<rootDir>/tsconfig.json' }
    ]
  },
  moduleNameMapper: {
    '^@argon/wal-core$': '<rootDir>/../wal-core/src/index.ts',
    '^mlflow-ts-client$': '<rootDir>/../kernel-bridge/mlflow-ts-client/src/index.ts'
  }
};
