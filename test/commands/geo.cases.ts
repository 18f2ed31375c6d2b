// Positions of members: GEOADD, GEODIST, GEOHASH, GEOPOS.

import type { CommandCase } from '../support/case.ts';
import { double, error, nullArray, simple } from '../support/expected.ts';

const WRONG_TYPE = error('WRONGTYPE Operation against a key holding the wrong kind of value');
const SYNTAX = error('ERR syntax error');
const NOT_FLOAT = error('ERR value is not a valid float');
const wrongArity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);

export const cases: CommandCase[] = [
  {
    name: 'positions are scores',
    steps: [
      ['GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania', 2],
      ['ZSCORE Sicily Palermo', double(3479099956230698)],
      ['ZRANGE Sicily 0 -1', ['Palermo', 'Catania']],
      [
        ['ZMSCORE', 'Sicily', 'Palermo', 'Catania'],
        [double(3479099956230698), double(3479447370796909)],
      ],
      ['TYPE Sicily', simple('zset')],
      ['OBJECT ENCODING Sicily', 'listpack'],
      [
        'GEOPOS Sicily Palermo Catania nobody',
        [
          [double(13.361389338970184), double(38.1155563954963)],
          [double(15.087267458438873), double(37.50266842333162)],
          nullArray,
        ],
      ],
      ['GEOPOS missing Palermo', [nullArray]],
      ['GEOPOS Sicily', []],
      ['GEOHASH Sicily Palermo Catania nobody', ['sqc8b49rny0', 'sqdtr74hyu0', null]],
      ['GEOHASH missing a b', [null, null]],
      ['GEOHASH Sicily', []],
      ['geopos Sicily Palermo', [[double(13.361389338970184), double(38.1155563954963)]]],
    ],
  },
  {
    name: 'GEOADD and its options',
    steps: [
      ['GEOADD g 1 1 a 2 2 b', 2],
      ['GEOADD g 1 1 a 2 3 b 3 3 c', 1],
      ['GEOADD g NX 5 5 a 5 5 d', 1],
      [
        'GEOPOS g a d',
        [
          [double(0.9999999403953552), double(0.9999994591429768)],
          [double(4.999999701976776), double(4.999999830436074)],
        ],
      ],
      ['GEOADD g XX 5 5 a 6 6 e', 0],
      ['GEOPOS g a e', [[double(4.999999701976776), double(4.999999830436074)], nullArray]],
      ['GEOADD g CH 7 7 a 8 8 f', 2],
      ['GEOADD g ch xx 7 7 a 9 9 f', 1],
      ['GEOADD g NX CH 1 1 a 2 2 z', 1],
      ['GEOADD new XX 1 1 a', 0],
      ['EXISTS new', 0],
      ['GEOADD g NX XX 1 1 a', SYNTAX],
      ['GEOADD g XX nx 1 1', SYNTAX],
      ['GEOADD g GT 1 1 a', SYNTAX],
      ['GEOADD g INCR 1 1 a', SYNTAX],
      ['GEOADD g NX 1 1', SYNTAX],
      ['GEOADD g 1 1 a 2', SYNTAX],
      ['GEOADD g NX CH CH', SYNTAX],
      ['GEOADD g 1 1', wrongArity('geoadd')],
    ],
  },
  {
    name: 'positions that are none',
    steps: [
      ['GEOADD g 181 1 a', error('ERR invalid longitude,latitude pair 181.000000,1.000000')],
      ['GEOADD g -180.1 1 a', error('ERR invalid longitude,latitude pair -180.100000,1.000000')],
      ['GEOADD g 1 85.05112879 a', error('ERR invalid longitude,latitude pair 1.000000,85.051129')],
      ['GEOADD g 1 -86 a', error('ERR invalid longitude,latitude pair 1.000000,-86.000000')],
      ['GEOADD g x 1 a', NOT_FLOAT],
      ['GEOADD g 1 x a', NOT_FLOAT],
      ['GEOADD g nan 1 a', NOT_FLOAT],
      ['GEOADD g inf -inf a', error('ERR invalid longitude,latitude pair inf,-inf')],
      [
        'GEOADD g 1e22 200.0078125 a',
        error('ERR invalid longitude,latitude pair 10000000000000000000000.000000,200.007812'),
      ],
      ['GEOADD g -0 90 a', error('ERR invalid longitude,latitude pair -0.000000,90.000000')],
      ['GEOADD g 1 1 a 500 1 b', error('ERR invalid longitude,latitude pair 500.000000,1.000000')],
      ['EXISTS g', 0],
      ['RPUSH l a', 1],
      ['GEOADD l 1 1 a', WRONG_TYPE],
      ['GEOADD l 500 1 a', error('ERR invalid longitude,latitude pair 500.000000,1.000000')],
      ['GEOPOS l a', WRONG_TYPE],
      ['GEOHASH l a', WRONG_TYPE],
      ['GEODIST l a b', WRONG_TYPE],
      ['GEOSEARCH l FROMMEMBER a BYRADIUS 1 m', WRONG_TYPE],
    ],
  },
  {
    name: 'the edges of the map',
    steps: [
      [
        'GEOADD g 180 85.05112878 ne -180 -85.05112878 sw -180 85.05112878 nw 180 -85.05112878 se 180 0 e -180 0 w 0 0 o',
        7,
      ],
      ['ZRANGE g 0 -1', ['sw', 'w', 'o', 'nw', 'se', 'e', 'ne']],
      [
        ['ZMSCORE', 'g', 'sw', 'w', 'o', 'nw', 'se', 'e', 'ne'],
        [
          double(0),
          double(1125899906842624),
          double(3377699720527872),
          double(4503599627370496),
          double(9007199254740992),
          double(10133099161583616),
          double(13510798882111488),
        ],
      ],
      [
        'GEOPOS g ne sw nw se e w o',
        [
          [double(180), double(85.05112878)],
          [double(-179.99999731779099), double(-85.05112751263943)],
          [double(-179.99999731779099), double(85.05112878)],
          [double(180), double(-85.05112751263943)],
          [double(180), double(1.26736058093e-6)],
          [double(-179.99999731779099), double(1.26736058093e-6)],
          [double(2.68220901489e-6), double(1.26736058093e-6)],
        ],
      ],
      [
        'GEOHASH g ne sw nw se e w o',
        [
          'bp05b5048p0',
          '00bh0hbj200',
          'bp05b5048p0',
          '00bh0hbj200',
          '80000000000',
          '80000000000',
          's0000000000',
        ],
      ],
      ['GEODIST g ne sw', '18919844.5891'],
      ['GEODIST g e w', '0.2983'],
      ['GEODIST g o e km', '20020.7336'],
      ['GEOSEARCH g FROMMEMBER e BYRADIUS 1 m ASC', ['e']],
      ['GEOSEARCH g FROMLONLAT 180 0 BYRADIUS 0 m', []],
      ['GEOSEARCH g FROMLONLAT -179.999 0 BYRADIUS 1 km WITHDIST ASC', [['w', '0.1109']]],
    ],
  },
  {
    name: 'GEODIST in all units',
    steps: [
      ['GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania', 2],
      ['GEODIST Sicily Palermo Catania', '166274.1516'],
      ['GEODIST Sicily Palermo Catania m', '166274.1516'],
      ['GEODIST Sicily Palermo Catania km', '166.2742'],
      ['GEODIST Sicily Palermo Catania MI', '103.3182'],
      ['GEODIST Sicily Catania Palermo Ft', '545518.8700'],
      ['GEODIST Sicily Palermo Palermo', '0.0000'],
      ['GEODIST Sicily Palermo nobody', null],
      ['GEODIST Sicily nobody Palermo', null],
      ['GEODIST missing a b', null],
      ['GEODIST Sicily Palermo Catania yd', error('ERR unsupported unit provided. please use M, KM, FT, MI')],
      ['GEODIST missing a b yd', error('ERR unsupported unit provided. please use M, KM, FT, MI')],
      ['GEODIST Sicily Palermo Catania km x', SYNTAX],
      ['GEODIST Sicily Palermo', wrongArity('geodist')],
      ['GEOADD n 0 0 a 0.00000001 0 b 0.00005 0 c 0 0.0001 d', 4],
      ['GEODIST n a b', '0.0000'],
      ['GEODIST n a c', '5.3700'],
      ['GEODIST n a d', '10.9952'],
      ['GEODIST n a c km', '0.0054'],
      ['GEODIST n a c mi', '0.0033'],
    ],
  },
  {
    name: 'scores that no position has',
    steps: [
      [
        'ZADD z 0 zero -1 minus 1e18 much -1e18 less inf all -inf none 123.7 part 4503599627370496 edge 1e30 huge',
        9,
      ],
      [
        'GEOPOS z zero minus much less all none part edge huge',
        [
          [double(-179.99999731779099), double(-85.05112751263943)],
          [double(180), double(85.05112878)],
          [double(180), double(85.05112878)],
          [double(180), double(85.05112878)],
          [double(-179.99999731779099), double(-85.05112751263943)],
          [double(180), double(-85.05112751263943)],
          [double(-179.99995976686478), double(-85.05109456126434)],
          [double(-179.99999731779099), double(85.05112878)],
          [double(-179.99999731779099), double(-85.05112751263943)],
        ],
      ],
      [
        'GEOHASH z zero minus much less all none part edge huge',
        [
          '00bh0hbj200',
          'bp05b5048p0',
          'bp05b5048p0',
          'bp05b5048p0',
          '00bh0hbj200',
          '00bh0hbj200',
          '00bh0hbj2y0',
          'bp05b5048p0',
          '00bh0hbj200',
        ],
      ],
      ['GEODIST z zero much', '18919844.5891'],
      ['GEODIST z minus none', '18919844.5891'],
      [
        'GEOSEARCH z FROMLONLAT 0 0 BYRADIUS 30000 km ASC WITHHASH',
        [
          ['zero', 0],
          ['part', 123],
        ],
      ],
    ],
  },
];
