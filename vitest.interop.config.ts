// The suite that talks to real programs, `npm run test:interop`: redis-server, redis-cli and redis-benchmark must be on the
// PATH (or RESPITE_REFERENCE_SERVER must name a server beside which the others lie). One that is missing is a failure.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/commands/cases.test.ts',
      'test/differential/**/*.test.ts',
      'test/e2e/**/*.test.ts',
      'test/**/*.interop.test.ts',
    ],
    globalSetup: 'test/support/interop-setup.ts',
    env: { RESPITE_INTEROP: '1' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
