// What stream commands tell others: effects for the AOF and replicas, key events, changes for the save points. That the
// effects of random sequences are the real server's is shown by test/differential/streams.interop.test.ts.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';
import { START_MS } from '../support/virtual-runtime.ts';

let server: EffectServer;

beforeEach(() => {
  server = new EffectServer({ 'stream-node-max-entries': '2' });
});

afterEach(() => server.close());

const claim = (consumer: string, id: string, count: number, last: string) =>
  `0 XCLAIM s g ${consumer} 0 ${id} TIME ${START_MS} RETRYCOUNT ${count} FORCE JUSTID LASTID ${last}`;

async function told(request: string): Promise<[propagated: string[], events: string[], changes: number]> {
  const { changes, events, propagated } = await server.effectsOf(request);
  return [propagated, events, changes];
}

it('XADD goes with the ID that it made and the trimming that came out', async () => {
  expect(await told('XADD s 1-1 f v')).toEqual([['0 XADD s 1-1 f v'], ['0 new s', '0 xadd s'], 1]);
  expect(await told('XADD s 1-* f v')).toEqual([['0 XADD s 1-2 f v'], ['0 xadd s'], 1]);
  expect(await told('xadd s * f v')).toEqual([[`0 xadd s ${START_MS}-0 f v`], ['0 xadd s'], 1]);
  expect(await told('XADD s NOMKSTREAM MAXLEN ~ 1 * f v')).toEqual([
    [`0 XADD s NOMKSTREAM MAXLEN = 2 ${START_MS}-1 f v`],
    ['0 xadd s', '0 xtrim s'],
    1,
  ]);
  expect(await told('XADD s MINID ~ 5 LIMIT 9 * f v')).toEqual([
    [`0 XADD s MINID = ${START_MS}-0 LIMIT 9 ${START_MS}-2 f v`],
    ['0 xadd s'],
    1,
  ]);
  expect(await told('XADD s MAXLEN 2 * f v')).toEqual([
    [`0 XADD s MAXLEN 2 ${START_MS}-3 f v`],
    ['0 xadd s', '0 xtrim s'],
    1,
  ]);
  expect(await told('XADD t NOMKSTREAM * f v')).toEqual([[], [], 0]);
  expect(await told('XADD s 1 f v')).toEqual([[], [], 0]);
});

it('XTRIM and XDEL count every entry', async () => {
  await server.run(...[1, 2, 3, 4, 5, 6, 7].map((id) => `XADD s ${id} f v`));
  expect(await told('XTRIM s MAXLEN ~ 4')).toEqual([['0 XTRIM s MAXLEN = 5'], ['0 xtrim s'], 2]);
  expect(await told('XTRIM s MINID ~ 5')).toEqual([['0 XTRIM s MINID = 5-0'], ['0 xtrim s'], 2]);
  expect(await told('XTRIM s MAXLEN 2')).toEqual([['0 XTRIM s MAXLEN 2'], ['0 xtrim s'], 1]);
  expect(await told('XTRIM s MAXLEN 2')).toEqual([[], [], 0]);
  expect(await told('XDEL s 6 7 8')).toEqual([['0 XDEL s 6 7 8'], ['0 xdel s'], 2]);
  expect(await told('XDEL s 6')).toEqual([[], [], 0]);
  expect(await told('XSETID s 9')).toEqual([['0 XSETID s 9'], ['0 xsetid s'], 1]);
});

it('a delivery goes as XCLAIM, with NOACK as what it did to the group', async () => {
  await server.run('XADD s 1 f v', 'XADD s 2 f v', 'XADD s 3 f v', 'XADD s 4 f v', 'XGROUP CREATE s g 0');
  const created = '0 xgroup-createconsumer s';
  expect(await told('XREADGROUP GROUP g alice COUNT 1 STREAMS s >')).toEqual([
    [claim('alice', '1-0', 1, '1-0')],
    [created],
    2,
  ]);
  expect(await told('XREADGROUP GROUP g alice COUNT 2 STREAMS s >')).toEqual([
    ['-1 MULTI', claim('alice', '2-0', 1, '2-0'), claim('alice', '3-0', 1, '3-0'), '-1 EXEC'],
    [],
    1,
  ]);
  expect(await told('XREADGROUP GROUP g bob NOACK STREAMS s >')).toEqual([
    ['-1 MULTI', '0 XGROUP CREATECONSUMER s g bob', '0 XGROUP SETID s g 4-0 ENTRIESREAD 4', '-1 EXEC'],
    [created],
    2,
  ]);
  // Observed 7.2.4: a consumer that got nothing is not told of, though it counts.
  expect(await told('XREADGROUP GROUP g carol STREAMS s >')).toEqual([[], [created], 1]);
  expect(await told('XREADGROUP GROUP g alice STREAMS s 0')).toEqual([[], [], 1]);
  expect(await told('XREADGROUP GROUP g alice STREAMS s >')).toEqual([[], [], 0]);
  expect(await told('XACK s g 1 9')).toEqual([['0 XACK s g 1 9'], [], 1]);
  expect(await told('XACK s g 1')).toEqual([[], [], 0]);
  expect(await told('XREAD STREAMS s 0')).toEqual([[], [], 0]);
});

it('a claim goes as an XCLAIM of what came out', async () => {
  await server.run('XADD s 1 f v', 'XADD s 2 f v', 'XADD s 3 f v', 'XGROUP CREATE s g 0');
  await server.run('XREADGROUP GROUP g alice COUNT 2 STREAMS s >', 'XGROUP CREATECONSUMER s g bob');
  expect(await told('XCLAIM s g bob 0 1 9')).toEqual([[claim('bob', '1', 2, '2-0')], [], 1]);
  expect(await told('XCLAIM s g bob 0 9 LASTID 3')).toEqual([
    ['0 XGROUP SETID s g 3-0 ENTRIESREAD 2'],
    [],
    1,
  ]);
  expect(await told('XCLAIM s g bob 1000 1')).toEqual([[], [], 0]);
  expect(await told('XAUTOCLAIM s g bob 0 2 JUSTID')).toEqual([[claim('bob', '2-0', 1, '3-0')], [], 1]);
  await server.run('XDEL s 1');
  expect(await told('XAUTOCLAIM s g alice 0 - COUNT 1')).toEqual([[claim('bob', '1-0', 2, '3-0')], [], 1]);
  await server.run('XDEL s 2');
  expect(await told('XCLAIM s g carol 0 2')).toEqual([
    [claim('bob', '2', 1, '3-0')],
    ['0 xgroup-createconsumer s'],
    2,
  ]);
});

it('XGROUP goes as it came', async () => {
  expect(await told('XGROUP CREATE s g $ MKSTREAM')).toEqual([
    ['0 XGROUP CREATE s g $ MKSTREAM'],
    ['0 new s', '0 xgroup-create s'],
    1,
  ]);
  expect(await told('XGROUP CREATE s h 0')).toEqual([['0 XGROUP CREATE s h 0'], ['0 xgroup-create s'], 1]);
  expect(await told('XGROUP CREATECONSUMER s g c')).toEqual([
    ['0 XGROUP CREATECONSUMER s g c'],
    ['0 xgroup-createconsumer s'],
    1,
  ]);
  expect(await told('XGROUP CREATECONSUMER s g c')).toEqual([[], [], 0]);
  expect(await told('XGROUP SETID s g 0')).toEqual([['0 XGROUP SETID s g 0'], ['0 xgroup-setid s'], 1]);
  expect(await told('XGROUP DELCONSUMER s g c')).toEqual([
    ['0 XGROUP DELCONSUMER s g c'],
    ['0 xgroup-delconsumer s'],
    1,
  ]);
  expect(await told('XGROUP DELCONSUMER s g c')).toEqual([[], [], 0]);
  expect(await told('XGROUP DESTROY s g')).toEqual([['0 XGROUP DESTROY s g'], ['0 xgroup-destroy s'], 1]);
  expect(await told('XGROUP DESTROY s g')).toEqual([[], [], 0]);
});

it('what changes entries breaks a WATCH, what changes a group does not', async () => {
  const broken = async (...requests: string[]) => {
    await server.run('DEL s', 'XADD s 1 f v', 'XADD s 2 f v', 'XGROUP CREATE s g 0', 'WATCH s', ...requests);
    return (await server.run('MULTI', 'EXEC')) === null;
  };
  expect(await broken('XADD s 3 f v')).toBe(true);
  expect(await broken('XDEL s 1')).toBe(true);
  expect(await broken('XTRIM s MAXLEN 1')).toBe(true);
  expect(await broken('XDEL s 9', 'XTRIM s MAXLEN 9')).toBe(false);
  expect(await broken('XSETID s 9')).toBe(false);
  expect(await broken('XREADGROUP GROUP g c STREAMS s >', 'XACK s g 1', 'XCLAIM s g d 0 2')).toBe(false);
  expect(await broken('XGROUP CREATE s h 0', 'XGROUP SETID s h $', 'XGROUP DESTROY s h')).toBe(false);
});
