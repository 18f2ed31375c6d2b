// What scripts tell others: their commands' effects, as one unit, to those whom the script has chosen.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandArguments, EffectServer } from '../support/effects.ts';
import { TestClient } from '../support/test-client.ts';

let server: EffectServer;

beforeEach(() => {
  server = new EffectServer();
});

afterEach(() => server.close());

async function propagated(...args: string[]): Promise<string[]> {
  server.look();
  await server.client.call(args);
  return server.look().propagated;
}

describe('a script', () => {
  test('is told as its effects, as one unit where there are several', async () => {
    expect(await propagated('EVAL', "redis.call('SET', 'a', '1')", '0')).toEqual(['0 SET a 1']);
    expect(
      await propagated(
        'EVAL',
        "redis.call('SET', 'a', '1') redis.call('INCR', 'b') redis.call('GET', 'a')",
        '0',
      ),
    ).toEqual(['-1 MULTI', '0 SET a 1', '0 INCR b', '-1 EXEC']);
    expect(await propagated('EVAL', "return redis.call('GET', 'a')", '0')).toEqual([]);
  });

  test('is told as far as it got', async () => {
    expect(await propagated('EVAL', "redis.call('SET', 'a', '1') redis.call('NOSUCH')", '0')).toEqual([
      '0 SET a 1',
    ]);
  });

  test('is told with what its commands found out', async () => {
    await server.run('SADD s a');
    expect(await propagated('EVAL', "return redis.call('SPOP', 's')", '0')).toEqual(['0 SREM s a']);
    const [effect] = await propagated('EVAL', "redis.call('SET', 'k', 'v', 'EX', '100')", '0');
    expect(effect).toMatch(/^0 SET k v PXAT \d+$/);
  });

  test('is told in the database that it has selected', async () => {
    expect(await propagated('EVAL', "redis.call('SELECT', '3') redis.call('SET', 'a', '1')", '0')).toEqual([
      '3 SET a 1',
    ]);
    expect(await propagated('SET', 'a', '1')).toEqual(['0 SET a 1']);
  });

  test('is told to those whom it chooses', async () => {
    const toAof: string[] = [];
    server.server.parts.propagation.addSink({
      keepsDataOnly: true,
      effect: (_dbId, bytes, start, end) => toAof.push(commandArguments(bytes, start, end).join(' ')),
    });
    const script = ['NONE', 'AOF', 'REPLICA', 'ALL']
      .map((name) => `redis.set_repl(redis.REPL_${name}) redis.call('SET', '${name}', '1')`)
      .join(' ');
    expect(await propagated('EVAL', script, '0')).toEqual([
      '-1 MULTI',
      '0 SET REPLICA 1',
      '0 SET ALL 1',
      '-1 EXEC',
    ]);
    expect(toAof).toEqual(['MULTI', 'SET AOF 1', 'SET ALL 1', 'EXEC']);
    // The next script begins anew.
    expect(await propagated('EVAL', "redis.call('SET', 'a', '1')", '0')).toEqual(['0 SET a 1']);
  });

  test('counts the changes of its commands', async () => {
    expect(
      (await server.effectsOf(`EVAL "redis.call('SET','a','1') redis.call('RPUSH','l','x','y')" 0`)).changes,
    ).toBe(3);
  });
});

test('functions are told as they were given', async () => {
  const code =
    "#!lua name=l\nredis.register_function('f', function() return redis.call('SET', 'a', '1') end)";
  expect(await propagated('FUNCTION', 'LOAD', code)).toEqual([`0 FUNCTION LOAD ${code}`]);
  expect(await propagated('FCALL', 'f', '0')).toEqual(['0 SET a 1']);
  expect(await propagated('FUNCTION', 'DELETE', 'l')).toEqual(['0 FUNCTION DELETE l']);
  expect(await propagated('FUNCTION', 'FLUSH')).toEqual(['0 FUNCTION FLUSH']);
});

describe('statistics', () => {
  const figures = async (section: string, line: RegExp) => {
    const text = String(await server.run(`INFO ${section}`));
    return line.exec(text)?.[1];
  };

  test('errors that scripts pass on count once', async () => {
    await server.run('SET s v', 'CONFIG RESETSTAT', `EVAL "return redis.call('LPUSH','s','x')" 0`);
    expect(await figures('errorstats', /WRONGTYPE:count=(\d+)/)).toBe('1');
    expect(await figures('commandstats', /cmdstat_lpush:.*failed_calls=(\d+)/)).toBe('1');
    expect(await figures('commandstats', /cmdstat_eval:.*failed_calls=(\d+)/)).toBe('1');
  });

  test('what a script may not run is rejected', async () => {
    await server.run('CONFIG RESETSTAT', `EVAL "return redis.pcall('SUBSCRIBE','c')" 0`);
    expect(await figures('commandstats', /cmdstat_subscribe:.*rejected_calls=(\d+)/)).toBe('1');
    expect(await figures('errorstats', /ERR:count=(\d+)/)).toBe('1');
  });

  test('errors of the script itself count for EVAL', async () => {
    await server.run('CONFIG RESETSTAT', 'EVAL "error(1)" 0', `EVAL "return {err='MY own'}" 0`);
    expect(await figures('commandstats', /cmdstat_eval:.*failed_calls=(\d+)/)).toBe('2');
    expect(await figures('errorstats', /MY:count=(\d+)/)).toBe('1');
  });

  test('INFO knows the scripts and functions', async () => {
    await server.run('EVAL "return 1" 0', 'SCRIPT LOAD "return 2"');
    await server.client.call([
      'FUNCTION',
      'LOAD',
      "#!lua name=l\nredis.register_function('f', function() end)",
    ]);
    expect(await figures('memory', /number_of_cached_scripts:(\d+)/)).toBe('2');
    expect(await figures('memory', /number_of_functions:(\d+)/)).toBe('1');
    expect(await figures('memory', /number_of_libraries:(\d+)/)).toBe('1');
  });
});

test('a script breaks a watch', async () => {
  await server.run('SET k 1', 'WATCH k', `EVAL "redis.call('SET','k','2')" 0`, 'MULTI', 'GET k');
  expect(await server.run('EXEC')).toBe(null);
});

test('what a script reads is remembered for its caller', async () => {
  const reader = new TestClient(server.server.connect());
  await reader.call('HELLO 3');
  await reader.call('CLIENT TRACKING on');
  await reader.call(['EVAL', "return redis.call('GET', KEYS[1])", '1', 'k']);
  await server.run('SET k 1');
  await reader.call('PING');
  expect(reader.pushes.map(({ raw }) => raw)).toEqual(['>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n']);
});
