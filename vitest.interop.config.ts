// The suite that talks to real programs, `npm run test:interop`: redis-server, redis-cli and redis-benchmark must be on the
// PATH (or RESPITE_REFERENCE_SERVER must name a server beside which the others lie). One that is missing is a failure.

import { defineConfig } from 'vitest/config';
import { findReference, isVersionAtLeast } from './test/support/reference.ts';

// These compare replies, encodings, dumps and files to the byte, which only 7.2 has as we do. With an older one it is what
// Redis 7.2.4 answered when it was recorded that is compared (test/differential/recorded.test.ts).
const OF_7_2 = [
  'test/differential/acl.interop.test.ts',
  'test/differential/events.interop.test.ts',
  'test/differential/list-nodes.interop.test.ts',
  'test/differential/memory-limit.interop.test.ts',
  'test/differential/streams.interop.test.ts',
  'test/differential/themes.interop.test.ts',
  'test/differential/tracking.interop.test.ts',
  'test/differential/transactions.interop.test.ts',
  'test/commands/bitmap-geo.interop.test.ts',
  'test/engine/monitors.interop.test.ts',
  'test/lua/generated-programs.interop.test.ts',
  'test/lua/generated.interop.test.ts',
  'test/lua/libraries.interop.test.ts',
  'test/persistence/aof/aof.interop.test.ts',
  'test/persistence/rdb-file.interop.test.ts',
  'test/persistence/values.interop.test.ts',
  'test/replication/replica.interop.test.ts',
  'test/tools/check-rdb.interop.test.ts',
];

const reference = findReference();
const isOlder = reference !== null && !isVersionAtLeast(reference.version, '7.2.0');
if (isOlder) {
  console.info(`Redis ${reference.version} is older than 7.2: ${OF_7_2.length} suites are not run with it`);
}

export default defineConfig({
  test: {
    include: [
      'test/commands/cases*.test.ts',
      'test/differential/recorded.test.ts',
      'test/e2e/**/*.test.ts',
      'test/fuzz/frames.test.ts',
      'test/**/*.interop.test.ts',
      // Needs no real Redis, but time for more than a sample.
      'test/persistence/damage.test.ts',
    ],
    exclude: isOlder ? OF_7_2 : [],
    globalSetup: 'test/support/interop-setup.ts',
    env: { RESPITE_INTEROP: '1', RESPITE_DAMAGE_SCALE: '4' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
