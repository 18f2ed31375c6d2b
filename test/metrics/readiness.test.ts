// /readyz: when clients may come.

import { expect, test } from 'vitest';
import type { ServerParts } from '../../src/engine/server-parts.ts';
import { reasonNotReady } from '../../src/metrics/readiness.ts';

function reason(facts: {
  hasStarted?: boolean;
  isLoading?: boolean;
  isReplica?: boolean;
  state?: string;
  servesStale?: boolean;
}): string | null {
  const {
    hasStarted = true,
    isLoading = false,
    isReplica = false,
    state = 'none',
    servesStale = true,
  } = facts;
  const parts = {
    config: { values: { 'replica-serve-stale-data': servesStale } },
    loading: { isActive: isLoading, isAsync: false },
    masterLink: { isReplica, state },
  };
  return reasonNotReady(parts as unknown as ServerParts, hasStarted);
}

test('a server is ready when its data are loaded', () => {
  expect(reason({})).toBeNull();
  expect(reason({ hasStarted: false })).toBe('loading the data set');
  expect(reason({ isLoading: true })).toBe('loading the data set');
});

test('a replica that may not show old data needs its master', () => {
  const withoutLink = { isReplica: true, state: 'connecting' };
  expect(reason(withoutLink)).toBeNull();
  expect(reason({ ...withoutLink, servesStale: false })).toBe('no link to the master');
  expect(reason({ isReplica: true, state: 'connected', servesStale: false })).toBeNull();
});
