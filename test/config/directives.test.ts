// The table of directives against the reference's defaults, and redis.conf against the table.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { splitArguments } from '../../src/base/quote.ts';
import type { AnyDirective } from '../../src/config/directive.ts';
import { DIRECTIVE_NAMES, DIRECTIVES } from '../../src/config/directives.ts';
import { bench } from './support.ts';

const golden: Record<string, string> = JSON.parse(
  readFileSync(new URL('../golden/config-defaults-7.2.4.json', import.meta.url), 'utf8'),
);
/** Not in the golden file: they depend on where and how the reference was started. */
const LOCAL = ['dir', 'pidfile'];

/** Directives of our own. */
const OWN = {
  'client-throttle': 'normal 0 0 replica 0 0 pubsub 0 0',
  'log-format': 'redis',
  'rdb-version': '11',
  'metrics-port': '0',
  'metrics-bind': '127.0.0.1',
};

const conf = readFileSync(new URL('../../redis.conf', import.meta.url), 'latin1');
const rows: readonly (readonly [(typeof DIRECTIVE_NAMES)[number], AnyDirective])[] = DIRECTIVE_NAMES.map(
  (name) => [name, DIRECTIVES[name]],
);

describe('the table', () => {
  it('has the names, aliases and defaults of the reference', () => {
    const { config } = bench();
    const shown = Object.fromEntries(
      config.get(['*', ...DIRECTIVE_NAMES]).filter(([name]) => !LOCAL.includes(name)),
    );
    expect(shown).toEqual({ ...golden, ...OWN });
  });

  it('hides the directives that only an exact name finds', () => {
    const { config } = bench();
    const found = new Set(config.get(['*']).map(([name]) => name));
    expect(DIRECTIVE_NAMES.filter((name) => !found.has(name))).toEqual([
      'use-exit-on-panic',
      'watchdog-period',
      'rdb-key-save-delay',
      'aof-disable-auto-gc',
      'key-load-delay',
      'loading-process-events-interval-bytes',
      'cluster-ping-interval',
    ]);
  });

  it('reads back every default that it shows', () => {
    const { config } = bench();
    for (const name of DIRECTIVE_NAMES) {
      if (name === 'replicaof') continue;
      const text = config.text(name);
      expect([name, config.assign(name, DIRECTIVES[name].multiple ? text.split(' ') : [text])]).toEqual([
        name,
        null,
      ]);
      expect([name, config.text(name)]).toEqual([name, text]);
    }
  });
});

describe('redis.conf', () => {
  const lines = conf.split('\n');
  const named = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => splitArguments(line)![0]!);

  it('has every directive, in the order of the table', () => {
    const order = named.filter((name, i) => name !== named[i - 1]);
    expect(order).toEqual(rows.filter(([, directive]) => !directive.hidden).map(([name]) => name));
  });

  it('sets every directive to its default, but for bind', () => {
    const { config, folder, load, write } = bench();
    load({ file: write('redis.conf', conf) });
    const shown = Object.fromEntries(config.get(['*', ...DIRECTIVE_NAMES]));
    expect(shown).toEqual({ ...golden, ...OWN, bind: '127.0.0.1 -::1', dir: folder, pidfile: '' });
  });

  it('says of each directive whether it has an effect yet', () => {
    for (const [name, directive] of rows) {
      if (directive.hidden) continue;
      const at = lines.findIndex((line) => line.startsWith(`${name} `));
      const comment = lines.slice(lines.lastIndexOf('', at) + 1, at);
      expect([name, comment.length > 0]).toEqual([name, true]);
      expect([name, !comment.includes('# No effect yet.')]).toEqual([name, directive.effective === true]);
    }
  });

  it('is silent when it is loaded as it stands', () => {
    const { load, said, write } = bench();
    load({ file: write('redis.conf', conf) });
    expect(said).toEqual([]);
  });
});
