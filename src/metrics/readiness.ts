// Whether the server may be sent clients: what /readyz tells load balancers and those who start one server after another.

import type { ServerParts } from '../engine/server-parts.ts';

/** Why clients should not come now, in one line; null when they may. */
export function reasonNotReady(
  { config, loading, masterLink }: ServerParts,
  hasStarted: boolean,
): string | null {
  if (!hasStarted || (loading.isActive && !loading.isAsync)) return 'loading the data set';
  // A replica that may show old data is of use without its master.
  const isStale = masterLink.isReplica && masterLink.state !== 'connected';
  return isStale && !config.values['replica-serve-stale-data'] ? 'no link to the master' : null;
}
