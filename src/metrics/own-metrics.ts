// The metrics that only this server has: of its event loop, of the JavaScript engine's memory, and of its own memory.

import type { ServerParts } from '../engine/server-parts.ts';
import type { Exposition } from './exposition.ts';

/** Writes the families that begin with `respite_`. */
export function collectOwn(
  out: Exposition,
  { keyspace, monitors, runtime, stats, throttling }: ServerParts,
): void {
  const gauge = (name: string, help: string, value: number) =>
    out.single(`respite_${name}`, 'gauge', help, value);
  const counter = (name: string, help: string, value: number) =>
    out.single(`respite_${name}_total`, 'counter', help, value);

  counter('event_loop_turns', 'Turns of the event loop in which something was done.', stats.turns);
  counter('event_loop_turn_seconds', 'The time that these took.', stats.turnMicroseconds / 1e6);
  gauge('event_loop_turn_seconds_max', 'The longest of them.', stats.turnMicrosecondsMax / 1e6);
  const { delaySeconds, gcSeconds, gcCount, activeSeconds } = runtime.process.eventLoop();
  const ofDelay = 'respite_event_loop_delay_seconds';
  out.family(ofDelay, 'gauge', 'How late timers run, since the last scrape.');
  for (const [quantile, seconds] of delaySeconds) out.sample(ofDelay, seconds, [['quantile', quantile]]);
  counter('event_loop_active_seconds', 'The time that the event loop did not wait.', activeSeconds);
  counter('gc_runs', 'Runs of the garbage collector of the JavaScript engine.', gcCount);
  counter('gc_seconds', 'The time that these took.', gcSeconds);

  const heap = runtime.process.heap();
  gauge('js_heap_used_bytes', 'Memory of JavaScript objects.', heap.usedBytes);
  gauge('js_heap_size_bytes', 'Memory that the JavaScript engine has taken for them.', heap.sizeBytes);
  gauge('js_heap_limit_bytes', 'The most that it may take.', heap.limitBytes);
  gauge('js_external_bytes', 'Memory that JavaScript objects hold outside of it.', heap.externalBytes);
  gauge('data_heap_used_bytes', 'Bytes in blocks of the heap of the data set.', keyspace.heap.usedBytes);
  gauge('data_heap_active_bytes', 'Bytes of the pages that these are in.', keyspace.heap.activeBytes);

  gauge('throttled_clients', 'Clients whose reads are held back (client-throttle).', throttling.heldClients);
  counter(
    'throttled_seconds',
    'The time for which clients were held back, of all together.',
    throttling.totalMs / 1000,
  );
  gauge('monitors', 'Clients that watch all others (MONITOR).', monitors.size);
  const { expireLagMs, expireLagMaxMs } = keyspace.stats;
  gauge('expire_lag_seconds', 'How late the last expired key was removed.', expireLagMs / 1000);
  gauge('expire_lag_seconds_max', 'How late at most.', expireLagMaxMs / 1000);
}
