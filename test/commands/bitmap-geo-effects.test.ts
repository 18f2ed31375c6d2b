// What the commands of bitmaps, HyperLogLogs and positions do beside replying. Each row was observed at 7.2.4, in its AOF
// and with keyspace notifications; the rows of a table are run one after another on the same server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';

/** Requests, of which only the last is looked at; its events, what is propagated, the changes that it counts for. */
type Row = readonly [
  requests: readonly string[],
  events: readonly string[],
  propagated: readonly string[],
  changes: number,
];

const BITS: readonly Row[] = [
  [['SETBIT b 7 1'], ['0 new b', '0 setbit b'], ['0 SETBIT b 7 1'], 1],
  [['SETBIT b 7 1'], [], [], 0],
  [['SETBIT b 7 0'], ['0 setbit b'], ['0 SETBIT b 7 0'], 1],
  [['SETBIT b 100 0'], ['0 setbit b'], ['0 SETBIT b 100 0'], 1],
  [['SET e x', 'SETBIT e 0 0'], [], [], 0],
  [['GETBIT none 1'], ['0 keymiss none'], [], 0],
  [
    ['BITFIELD f SET u8 0 5 INCRBY u8 0 1 GET u8 0'],
    ['0 new f', '0 setbit f'],
    ['0 BITFIELD f SET u8 0 5 INCRBY u8 0 1 GET u8 0'],
    2,
  ],
  [['BITFIELD f SET u8 0 6'], [], [], 0],
  [['BITFIELD f SET u8 100 0 SET u8 100 0'], ['0 setbit f'], ['0 BITFIELD f SET u8 100 0 SET u8 100 0'], 2],
  [['BITFIELD f OVERFLOW FAIL SET u8 0 300'], [], [], 0],
  [
    ['BITFIELD f2 OVERFLOW FAIL SET u8 0 300'],
    ['0 new f2', '0 setbit f2'],
    ['0 BITFIELD f2 OVERFLOW FAIL SET u8 0 300'],
    1,
  ],
  [['BITFIELD f GET u8 0'], [], [], 0],
  [['BITFIELD none GET u8 0'], ['0 keymiss none'], [], 0],
  [['BITOP OR d b f'], ['0 new d', '0 set d'], ['0 BITOP OR d b f'], 1],
  [['BITOP AND d none'], ['0 keymiss none', '0 del d'], ['0 BITOP AND d none'], 1],
  [['BITOP AND d none'], ['0 keymiss none'], [], 0],
];

const HYPERLOGLOGS: readonly Row[] = [
  [['PFADD h a b'], ['0 new h', '0 pfadd h'], ['0 PFADD h a b'], 3],
  [['PFADD h a'], [], [], 0],
  [['PFADD h c'], ['0 pfadd h'], ['0 PFADD h c'], 1],
  [['PFADD h2'], ['0 new h2', '0 pfadd h2'], ['0 PFADD h2'], 1],
  [['PFCOUNT h'], [], ['0 PFCOUNT h'], 1],
  [['PFCOUNT h'], [], [], 0],
  [['PFCOUNT h h2 none'], ['0 keymiss none'], [], 0],
  [['PFMERGE m h h2'], ['0 keymiss m', '0 new m', '0 pfadd m'], ['0 PFMERGE m h h2'], 1],
  [['PFMERGE m m'], ['0 pfadd m'], ['0 PFMERGE m m'], 1],
  [['PFDEBUG TODENSE h'], [], ['0 PFDEBUG TODENSE h'], 1],
  [['PFDEBUG TODENSE h'], [], [], 0],
  [['PFDEBUG GETREG h2'], [], ['0 PFDEBUG GETREG h2'], 1],
];

const POSITIONS: readonly Row[] = [
  [
    ['GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania'],
    ['0 new g', '0 zadd g'],
    ['0 zadd g 3479099956230698 Palermo 3479447370796909 Catania'],
    2,
  ],
  [
    ['GEOADD g CH NX 1 1 Palermo 2 2 Rome'],
    ['0 zadd g'],
    ['0 zadd g CH NX 3377822707026402 Palermo 3378191666521995 Rome'],
    1,
  ],
  [['GEOADD g 13.361389 38.115556 Palermo'], [], [], 0],
  [['GEOADD e2 180 0.0001 x'], ['0 new e2', '0 zadd e2'], ['0 zadd e2 10133099161584661 x'], 1],
  [
    ['GEOSEARCHSTORE gd g FROMLONLAT 15 37 BYRADIUS 200 km'],
    ['0 new gd', '0 geosearchstore gd'],
    ['0 GEOSEARCHSTORE gd g FROMLONLAT 15 37 BYRADIUS 200 km'],
    2,
  ],
  [
    ['GEORADIUS g 15 37 200 km STOREDIST gr COUNT 1'],
    ['0 new gr', '0 georadiusstore gr'],
    ['0 GEORADIUS g 15 37 200 km STOREDIST gr COUNT 1'],
    1,
  ],
  [['GEORADIUS g 15 37 200 km'], [], [], 0],
  [
    ['GEOSEARCHSTORE gd g FROMLONLAT 80 37 BYRADIUS 200 km'],
    ['0 del gd'],
    ['0 GEOSEARCHSTORE gd g FROMLONLAT 80 37 BYRADIUS 200 km'],
    1,
  ],
  [
    ['GEORADIUS none 15 37 200 km STORE gr'],
    ['0 keymiss none', '0 del gr'],
    ['0 GEORADIUS none 15 37 200 km STORE gr'],
    1,
  ],
  [
    ['GEORADIUSBYMEMBER g Palermo 200 km STORE gr'],
    ['0 new gr', '0 georadiusstore gr'],
    ['0 GEORADIUSBYMEMBER g Palermo 200 km STORE gr'],
    2,
  ],
  [['GEOPOS none a'], ['0 keymiss none'], [], 0],
];

describe.each([
  ['bits', BITS],
  ['HyperLogLogs', HYPERLOGLOGS],
  ['positions', POSITIONS],
])('effects of the commands of %s', (_name, rows) => {
  let server: EffectServer;

  beforeAll(() => {
    server = new EffectServer();
  });

  afterAll(async () => {
    await server.close();
  });

  it.each(rows)('%s', async (requests, events, propagated, changes) => {
    for (const request of requests.slice(0, -1)) await server.run(request);
    expect(await server.effectsOf(requests.at(-1)!)).toEqual({ events, propagated, changes });
  });
});
