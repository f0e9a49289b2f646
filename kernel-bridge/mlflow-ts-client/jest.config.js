/** @type {import('jest').Config} */
module.exports = {
  displayName: 'mlflow-ts-client',
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.spec.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { isolatedModules: true, diagnostics: false }] },
  moduleNameMapper: {
    '^@argon/wal-core$': '<rootDir>/../../wal-core/src/index.ts',
    '^mlflow-ts-client$': '<rootDir>/src/index.ts'
  }
};
