// The quick suite, `npm test`: needs nothing installed and no fixed port. What needs a real Redis or much time is in
// vitest.interop.config.ts.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/**/*.interop.test.ts'],
    testTimeout: 60_000,
    // Files share what a worker has imported: no module keeps state (test/architecture.test.ts), so none can hand it on.
    isolate: false,
    maxWorkers: '100%',
  },
});
