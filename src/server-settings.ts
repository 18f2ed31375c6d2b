// What the configuration says to parts that have to be told: when the server is built, and whenever CONFIG SET changes it.
// A part that reads a directive where it needs it is not in here.

import { resolve } from 'node:path';
import { type Collation, collationOf, environmentLocale } from './base/collation.ts';
import type { Logger } from './base/logger.ts';
import type { Config } from './config/config.ts';
import type { DirectiveName } from './config/directives.ts';
import { pathFromBytes } from './config/file-text.ts';
import type { Cron, ExpiryCycle } from './engine/cron.ts';
import type { KeyEvents } from './engine/key-events.ts';
import type { Observers } from './engine/observers.ts';
import type { ServerParts } from './engine/server-parts.ts';
import { FREEING } from './keyspace/freeing.ts';
import type { MetricsEndpoint } from './metrics/endpoint.ts';
import type { Listener } from './net/listener.ts';
import type { Peers } from './net/peers.ts';
import { CONTEXT_DIRECTIVES } from './net/tls-contexts.ts';

export interface ToldParts {
  readonly config: Config;
  readonly log: Logger;
  readonly parts: ServerParts;
  readonly observers: Observers;
  readonly keyEvents: KeyEvents;
  readonly cron: Cron;
  readonly expiry: ExpiryCycle;
  readonly peers: Peers;
  readonly listener: Listener;
  readonly metrics: MetricsEndpoint;
  /** Where SORT finds how strings are compared. */
  readonly collation: { compare: Collation | null };
}

/** Tells all of them now, and from now on. */
export function applySettings(told: ToldParts): void {
  told.parts.keyspace.limits = told.config.values;
  applyToData(told);
  applyToLog(told);
  applyToClocks(told);
  applyToClients(told);
  applyToSockets(told);
}

// Tells now and at every change of one of the directives.
function follow(config: Config, names: readonly DirectiveName[], tell: () => void): void {
  tell();
  config.onChangeOfAny(names, () => {
    tell();
    return null;
  });
}

function applyToData({ config, parts, observers, keyEvents, collation }: ToldParts): void {
  const { keyspace, lifecycle, runtime, tracking } = parts;
  const { values } = config;
  follow(config, ['maxmemory-policy', 'lfu-log-factor', 'lfu-decay-time'], () => {
    keyspace.access.policy = {
      isLfu: values['maxmemory-policy'].endsWith('-lfu'),
      lfuLogFactor: values['lfu-log-factor'],
      lfuDecayTimeMinutes: values['lfu-decay-time'],
    };
  });
  follow(config, ['notify-keyspace-events'], () => {
    keyEvents.setClasses(values['notify-keyspace-events']);
    observers.refresh();
  });
  follow(config, ['lazyfree-lazy-expire', 'lazyfree-lazy-server-del'], () => {
    observers.removal = values['lazyfree-lazy-expire'] ? 'UNLINK' : 'DEL';
    keyspace.whenExpired = values['lazyfree-lazy-expire'] ? FREEING.LAZILY : FREEING.SOON;
    keyspace.whenReplaced = values['lazyfree-lazy-server-del'] ? FREEING.LAZILY : FREEING.SOON;
  });
  follow(config, ['tracking-table-max-keys'], () => {
    tracking.setMaxKeys(values['tracking-table-max-keys']);
  });
  follow(config, ['locale-collate'], () => {
    // What a program gets from a server within it shall not depend on where it runs.
    const usual = lifecycle.isEmbedded ? 'C' : environmentLocale((name) => runtime.system.environment(name));
    collation.compare = collationOf(values['locale-collate'] || usual);
  });
}

function applyToLog({ config, log, parts }: ToldParts): void {
  const { values } = config;
  follow(config, ['loglevel'], () => log.setLevel(values.loglevel));
  follow(config, ['log-format'], () => log.setFormat(values['log-format']));
  // A relative name is one in the working directory.
  follow(config, ['dir'], () => {
    const { dir, logfile } = values;
    if (!parts.lifecycle.isEmbedded && logfile !== '') log.setFile(pathFromBytes(resolve(dir, logfile)));
  });
  // What was said before there was a log.
  config.attachLog((level, text) => log[level](text));
}

function applyToClocks({ config, cron, expiry }: ToldParts): void {
  // It begins when the data are loaded.
  config.onChange('hz', (hz) => {
    cron.start(hz);
    return null;
  });
  follow(config, ['active-expire-effort'], () => {
    expiry.effort = config.values['active-expire-effort'];
  });
}

function applyToClients({ config, parts, peers }: ToldParts): void {
  const { executor, latency, slowLog } = parts;
  const observed = [
    'latency-tracking',
    'latency-monitor-threshold',
    'slowlog-log-slower-than',
    'slowlog-max-len',
  ] as const;
  follow(config, observed, () => {
    latency.settingsChanged();
    slowLog.trim();
    executor.settingsChanged();
  });
  const limits = ['proto-max-bulk-len', 'client-query-buffer-limit', 'client-output-buffer-limit'] as const;
  follow(config, limits, () => peers.settingsChanged());
  follow(config, ['client-throttle'], () => peers.throttlesChanged());
}

// They are opened when the data are loaded; what fails is answered.
function applyToSockets({ config, listener, metrics }: ToldParts): void {
  config.onChange('port', (port) => listener.moveTcp(port));
  config.onChange('tls-port', (port) => listener.moveTls(port));
  config.onChange('bind', () => listener.moveAll());
  config.onChangeOfAny(CONTEXT_DIRECTIVES, () => listener.reconfigureTls());
  config.onChangeOfAny(['metrics-port', 'metrics-bind'], () =>
    metrics.apply() ? null : 'Unable to listen on this port. Check server logs.',
  );
}
