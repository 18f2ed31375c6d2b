// CLIENT TRACKING and its companions as the one client sees them that says them. Who is told what, and when, is in
// test/engine/tracking.test.ts and, against the real server, in test/differential/tracking.interop.test.ts.

import type { CommandCase } from '../support/case.ts';
import { error, map, matching, OK, set } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const NOBODY = error('ERR The client ID you want redirect to does not exist');
const SWITCH_BCAST = error(
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const SWITCH_OPT = error(
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const NOT_TRACKING = error(
  'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
);
const arity = (name: string) => error(`ERR wrong number of arguments for 'client|${name}' command`);
const NO_SEQUENCE = 'CLIENT CACHING holds until the end of the transaction that each step is told in';

const info = (flags: readonly string[], redirect = 0, prefixes: readonly string[] = []) =>
  [
    'CLIENT TRACKINGINFO',
    map(['flags', set(...flags)], ['redirect', redirect], ['prefixes', prefixes]),
  ] as const;

export const cases: CommandCase[] = [
  {
    name: 'tracking on and off',
    steps: [
      info(['off'], -1),
      ['CLIENT GETREDIR', -1],
      ['CLIENT TRACKING on', OK],
      info(['on']),
      ['CLIENT GETREDIR', 0],
      ['client tracking ON noloop', OK],
      info(['on', 'noloop']),
      ['CLIENT TRACKING ON', OK],
      info(['on']),
      ['CLIENT TRACKING OFF', OK],
      ['CLIENT TRACKING OFF', OK],
      info(['off'], -1),
      ['CLIENT GETREDIR', -1],
    ],
  },
  {
    name: 'options that are wrong by themselves',
    steps: [
      ['CLIENT TRACKING', arity('tracking')],
      ['CLIENT TRACKING maybe', SYNTAX],
      ['CLIENT TRACKING ON nonsense', SYNTAX],
      ['CLIENT TRACKING OFF nonsense', SYNTAX],
      ['CLIENT TRACKING ON PREFIX', SYNTAX],
      ['CLIENT TRACKING ON REDIRECT', SYNTAX],
      ['CLIENT TRACKING ON REDIRECT x', NOT_INTEGER],
      ['CLIENT TRACKING ON REDIRECT 0', NOBODY],
      ['CLIENT TRACKING ON REDIRECT -1', NOBODY],
      ['CLIENT TRACKING ON REDIRECT 9223372036854775807', NOBODY],
      ['CLIENT TRACKING maybe REDIRECT 999999', NOBODY],
      ['CLIENT GETREDIR x', arity('getredir')],
      ['CLIENT TRACKINGINFO x', arity('trackinginfo')],
      info(['off'], -1),
    ],
  },
  {
    name: 'options that do not go together',
    steps: [
      ['CLIENT TRACKING ON PREFIX a', error('ERR PREFIX option requires BCAST mode to be enabled')],
      ['CLIENT TRACKING ON BCAST OPTIN', error('ERR OPTIN and OPTOUT are not compatible with BCAST')],
      ['CLIENT TRACKING ON OPTOUT BCAST', error('ERR OPTIN and OPTOUT are not compatible with BCAST')],
      ['CLIENT TRACKING ON OPTIN OPTOUT', error("ERR You can't specify both OPTIN mode and OPTOUT mode")],
      ['CLIENT TRACKING OFF PREFIX a OPTIN OPTOUT BCAST', OK],
      info(['off'], -1),
    ],
  },
  {
    name: 'what cannot be changed while tracking is on',
    steps: [
      ['CLIENT TRACKING ON BCAST', OK],
      ['CLIENT TRACKING ON', SWITCH_BCAST],
      info(['on', 'bcast'], 0, ['']),
      ['CLIENT TRACKING OFF', OK],
      ['CLIENT TRACKING ON OPTIN', OK],
      ['CLIENT TRACKING ON BCAST', SWITCH_BCAST],
      ['CLIENT TRACKING ON OPTOUT', SWITCH_OPT],
      info(['on', 'optin']),
      ['CLIENT TRACKING ON', OK],
      ['CLIENT TRACKING ON OPTOUT', OK],
      ['CLIENT TRACKING ON OPTIN', SWITCH_OPT],
      info(['on', 'optout']),
    ],
  },
  {
    name: 'prefixes add up and must not overlap',
    steps: [
      ['CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar', OK],
      info(['on', 'bcast'], 0, ['bar', 'foo']),
      [
        'CLIENT TRACKING ON BCAST PREFIX fo',
        error(
          "ERR Prefix 'fo' overlaps with an existing prefix 'foo'. Prefixes for a single client must not overlap.",
        ),
      ],
      [
        'CLIENT TRACKING ON BCAST PREFIX foo',
        error(
          "ERR Prefix 'foo' overlaps with an existing prefix 'foo'. Prefixes for a single client must not overlap.",
        ),
      ],
      [
        'CLIENT TRACKING ON BCAST PREFIX x PREFIX xy',
        error(
          "ERR Prefix 'x' overlaps with another provided prefix 'xy'. Prefixes for a single client must not overlap.",
        ),
      ],
      [
        ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'a\nb\0c', 'PREFIX', 'a\nb\0cd'],
        error(
          "ERR Prefix 'a b' overlaps with another provided prefix 'a b'. Prefixes for a single client must not overlap.",
        ),
      ],
      ['CLIENT TRACKING ON BCAST PREFIX baz NOLOOP', OK],
      info(['on', 'bcast', 'noloop'], 0, ['bar', 'baz', 'foo']),
      // Observed 7.2.4: no prefix at all is the empty one, and is not held against the others.
      ['CLIENT TRACKING ON BCAST', OK],
      info(['on', 'bcast'], 0, ['', 'bar', 'baz', 'foo']),
      ['CLIENT TRACKING OFF', OK],
      ['CLIENT TRACKING ON BCAST PREFIX foobar', OK],
      info(['on', 'bcast'], 0, ['foobar']),
    ],
  },
  {
    name: 'CLIENT CACHING is for a mode',
    steps: [
      ['CLIENT CACHING YES', NOT_TRACKING],
      ['CLIENT CACHING', arity('caching')],
      ['CLIENT CACHING YES x', arity('caching')],
      ['CLIENT TRACKING ON', OK],
      [
        'CLIENT CACHING YES',
        error('ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.'),
      ],
      [
        'CLIENT CACHING no',
        error('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.'),
      ],
      ['CLIENT CACHING maybe', SYNTAX],
    ],
  },
  {
    name: 'CLIENT CACHING YES holds for the next command that is not CLIENT',
    not: { multi: NO_SEQUENCE },
    steps: [
      ['CLIENT TRACKING ON OPTIN', OK],
      ['CLIENT CACHING YES', OK],
      info(['on', 'optin', 'caching-yes']),
      ['CLIENT ID x', arity('id')],
      info(['on', 'optin', 'caching-yes']),
      ['GET k', null],
      info(['on', 'optin']),
      ['CLIENT CACHING YES', OK],
      ['GET', error("ERR wrong number of arguments for 'get' command")],
      info(['on', 'optin']),
      ['CLIENT CACHING YES', OK],
      ['CLIENT nosuch', matching(/^ERR unknown subcommand/)],
      info(['on', 'optin']),
      ['CLIENT CACHING YES', OK],
      ['CLIENT TRACKING ON OPTIN', OK],
      info(['on', 'optin', 'caching-yes']),
      ['CLIENT TRACKING OFF', OK],
      ['CLIENT TRACKING ON OPTIN', OK],
      info(['on', 'optin']),
    ],
  },
  {
    name: 'CLIENT CACHING holds until the transaction behind it is over',
    steps: [
      ['CLIENT TRACKING ON OPTOUT', OK],
      ['CLIENT CACHING NO', OK],
      ['MULTI', OK],
      ['GET k', { kind: 'simple', text: 'QUEUED' }],
      ['NOSUCH', matching(/^ERR unknown command/)],
      ['EXEC', matching(/^EXECABORT/)],
      info(['on', 'optout']),
      ['MULTI', OK],
      ['CLIENT CACHING NO', { kind: 'simple', text: 'QUEUED' }],
      ['CLIENT TRACKINGINFO', { kind: 'simple', text: 'QUEUED' }],
      ['EXEC', [OK, map(['flags', set('on', 'optout', 'caching-no')], ['redirect', 0], ['prefixes', []])]],
      info(['on', 'optout']),
    ],
  },
  {
    name: 'RESET ends tracking',
    not: { resp3: 'RESET goes back to RESP2' },
    steps: [
      ['CLIENT TRACKING ON BCAST PREFIX a', OK],
      ['RESET', { kind: 'simple', text: 'RESET' }],
      info(['off'], -1),
    ],
  },
];
