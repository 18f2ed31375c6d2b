// What the list commands tell others: key events, effects for the AOF and replicas, changes for the save points. Observed
// 7.2.4 in its AOF and in its notifications.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';

let server: EffectServer;

beforeEach(() => {
  server = new EffectServer();
});

afterEach(() => server.close());

/** The effects of the last request, its events and its changes. */
async function told(...requests: string[]): Promise<[effects: string[], events: string[], changes: number]> {
  await server.run(...requests.slice(0, -1), 'PING');
  const { propagated, events, changes } = await server.effectsOf(requests.at(-1)!);
  const plain = (line: string) => line.replace(/^0 /, '');
  return [propagated.map(plain), events.map(plain), changes];
}

describe('effects of list commands', () => {
  it('pushing goes as it came and counts every element', async () => {
    expect(await told('RPUSH k a b c')).toEqual([['RPUSH k a b c'], ['new k', 'rpush k'], 3]);
    expect(await told('lpush k d')).toEqual([['lpush k d'], ['lpush k'], 1]);
    expect(await told('LPUSHX k e f')).toEqual([['LPUSHX k e f'], ['lpush k'], 2]);
    expect(await told('RPUSHX k g')).toEqual([['RPUSHX k g'], ['rpush k'], 1]);
    expect(await told('RPUSHX missing g')).toEqual([[], [], 0]);
  });

  it('popping goes as it came; an emptied list is deleted', async () => {
    expect(await told('RPUSH k a b c d', 'LPOP k')).toEqual([['LPOP k'], ['lpop k'], 1]);
    expect(await told('RPOP k 2')).toEqual([['RPOP k 2'], ['rpop k'], 2]);
    expect(await told('LPOP k 0')).toEqual([[], [], 0]);
    expect(await told('LPOP k 9')).toEqual([['LPOP k 9'], ['lpop k', 'del k'], 1]);
    expect(await told('LPOP k')).toEqual([[], [], 0]);
  });

  it('LMPOP goes as a pop of what was there', async () => {
    expect(await told('RPUSH k a b c', 'LMPOP 2 j k RIGHT COUNT 2')).toEqual([['RPOP k 2'], ['rpop k'], 2]);
    expect(await told('LMPOP 1 k LEFT COUNT 5')).toEqual([['LPOP k 1'], ['lpop k', 'del k'], 1]);
    expect(await told('LMPOP 1 k LEFT')).toEqual([[], [], 0]);
  });

  it('moving goes as it came; first the push is told, then the pop', async () => {
    expect(await told('RPUSH s a b', 'LMOVE s t LEFT RIGHT')).toEqual([
      ['LMOVE s t LEFT RIGHT'],
      ['new t', 'rpush t', 'lpop s'],
      1,
    ]);
    expect(await told('RPOPLPUSH s t')).toEqual([['RPOPLPUSH s t'], ['lpush t', 'rpop s', 'del s'], 1]);
    expect(await told('RPOPLPUSH t t')).toEqual([['RPOPLPUSH t t'], ['lpush t', 'rpop t'], 1]);
    expect(await told('RPOPLPUSH s t')).toEqual([[], [], 0]);
  });

  it('the waiting commands go as their relatives when they need not wait', async () => {
    const fill = 'RPUSH k a b c d e f';
    expect(await told(fill, 'BLPOP j k 0')).toEqual([['LPOP k'], ['lpop k'], 1]);
    expect(await told('brpop k 0')).toEqual([['RPOP k'], ['rpop k'], 1]);
    expect(await told('BLMPOP 0 1 k left COUNT 2')).toEqual([['LPOP k 2'], ['lpop k'], 2]);
    expect(await told('BLMOVE k t left Right 0')).toEqual([
      ['LMOVE k t left Right'],
      ['new t', 'rpush t', 'lpop k'],
      1,
    ]);
    expect(await told('BRPOPLPUSH k t 0')).toEqual([['RPOPLPUSH k t'], ['lpush t', 'rpop k', 'del k'], 1]);
  });

  it('editing goes as it came', async () => {
    expect(await told('RPUSH k a b a', 'LSET k 0 c')).toEqual([['LSET k 0 c'], ['lset k'], 1]);
    expect(await told('LSET k 9 c')).toEqual([[], [], 0]);
    expect(await told('LINSERT k BEFORE b a')).toEqual([['LINSERT k BEFORE b a'], ['linsert k'], 1]);
    expect(await told('LINSERT k BEFORE x a')).toEqual([[], [], 0]);
    expect(await told('LREM k 0 a')).toEqual([['LREM k 0 a'], ['lrem k'], 2]);
    expect(await told('LREM k 0 a')).toEqual([[], [], 0]);
    expect(await told('LREM k 0 b')).toEqual([['LREM k 0 b'], ['lrem k'], 1]);
    expect(await told('LREM k 0 c')).toEqual([['LREM k 0 c'], ['lrem k', 'del k'], 1]);
  });

  it('LTRIM counts what it deletes, and is an event even of nothing', async () => {
    expect(await told('RPUSH k a b c d', 'LTRIM k 1 -2')).toEqual([['LTRIM k 1 -2'], ['ltrim k'], 2]);
    expect(await told('LTRIM k 0 -1')).toEqual([[], ['ltrim k'], 0]);
    expect(await told('LTRIM k 5 1')).toEqual([['LTRIM k 5 1'], ['ltrim k', 'del k'], 2]);
    expect(await told('LTRIM k 0 0')).toEqual([[], [], 0]);
  });

  it('reading has none, but a miss is an event', async () => {
    expect(await told('RPUSH k a', 'LRANGE k 0 -1')).toEqual([[], [], 0]);
    for (const request of ['LLEN m', 'LINDEX m 0', 'LRANGE m 0 -1', 'LPOS m a']) {
      expect(await told(request)).toEqual([[], ['keymiss m'], 0]);
    }
  });
});
