// CLIENT TRACKING and its companions: how a client says what it caches. What follows of it is in engine/tracking.

import { arg, type Command, type CommandFlag, type CommandSpec, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { ClientTracking, TrackingOptions } from '../engine/tracking.ts';
import {
  CACHING_NO_NEEDS_OPTOUT,
  CACHING_WITHOUT_TRACKING,
  CACHING_YES_NEEDS_OPTIN,
  prefixesOverlap,
  prefixOverlapsExisting,
  REDIRECT_TARGET_MISSING,
  REDIRECT_TWICE,
  SYNTAX,
  TRACKING_BCAST_SWITCH,
  TRACKING_BCAST_WITH_OPT,
  TRACKING_OPT_SWITCH,
  TRACKING_OPTIN_AND_OPTOUT,
  TRACKING_PREFIX_NEEDS_BCAST,
} from '../resp/errors.ts';

const EVERYBODY: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];

const subcommand = (spec: Omit<CommandSpec, 'group' | 'complexity' | 'flags'>): Command =>
  command({ group: 'connection', complexity: 'O(1)', flags: EVERYBODY, ...spec });

export const tracking = subcommand({
  name: 'tracking',
  since: '6.0.0',
  summary: 'Begins or ends to tell the connection which of the keys that it caches have changed.',
  arity: -3,
  args: [
    arg.oneOf('status', [arg.token('on', 'ON'), arg.token('off', 'OFF')]),
    arg.integer('client-id', { token: 'REDIRECT', optional: true }),
    arg.string('prefix', { token: 'PREFIX', optional: true, multiple: true, multipleToken: true }),
    arg.token('bcast', 'BCAST', { optional: true }),
    arg.token('optin', 'OPTIN', { optional: true }),
    arg.token('optout', 'OPTOUT', { optional: true }),
    arg.token('noloop', 'NOLOOP', { optional: true }),
  ],
  run(ctx) {
    const { args, client, reply, server } = ctx;
    const options = readOptions(ctx);
    if (args.is(2, 'on')) {
      requireCompatible(options, client.tracking);
      server.tracking.enable(client, options);
    } else if (args.is(2, 'off')) {
      server.tracking.disable(client);
    } else {
      throw SYNTAX;
    }
    reply.ok();
  },
});

export const caching = subcommand({
  name: 'caching',
  since: '6.0.0',
  summary: 'Says whether the keys that the next command reads are tracked.',
  arity: 3,
  args: [arg.oneOf('mode', [arg.token('yes', 'YES'), arg.token('no', 'NO')])],
  run({ args, client, reply }) {
    const { tracking } = client;
    if (tracking === null || !tracking.isOn) throw CACHING_WITHOUT_TRACKING;
    if (args.is(2, 'yes')) {
      if (!tracking.optIn) throw CACHING_YES_NEEDS_OPTIN;
    } else if (args.is(2, 'no')) {
      if (!tracking.optOut) throw CACHING_NO_NEEDS_OPTOUT;
    } else {
      throw SYNTAX;
    }
    tracking.caching = true;
    reply.ok();
  },
});

export const getRedir = subcommand({
  name: 'getredir',
  since: '6.0.0',
  summary:
    'Returns to which connection the messages of tracking go: 0 for this one, -1 while tracking is off.',
  arity: 2,
  run({ client, reply }) {
    reply.integer(redirection(client.tracking));
  },
});

export const trackingInfo = subcommand({
  name: 'trackinginfo',
  since: '6.2.0',
  summary: 'Tells how the connection tracks keys.',
  arity: 2,
  run({ client: { tracking }, reply }) {
    const flags = flagsOf(tracking);
    const prefixes = tracking?.prefixes ?? [];
    reply.map(3);
    reply.bulkText('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.bulkText(flag);
    reply.bulkText('redirect');
    reply.integer(redirection(tracking));
    reply.bulkText('prefixes');
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.bulkText(prefix);
  },
});

function redirection(tracking: ClientTracking | null): number {
  return tracking?.isOn ? tracking.redirectTo : -1;
}

function flagsOf(tracking: ClientTracking | null): string[] {
  if (!tracking?.isOn) return ['off'];
  const flags = ['on'];
  if (tracking.broadcasts) flags.push('bcast');
  if (tracking.optIn) flags.push('optin');
  if (tracking.optIn && tracking.caching) flags.push('caching-yes');
  if (tracking.optOut) flags.push('optout');
  if (tracking.optOut && tracking.caching) flags.push('caching-no');
  if (tracking.noLoop) flags.push('noloop');
  if (tracking.redirectionBroken) flags.push('broken_redirect');
  return flags;
}

/** The options behind ON or OFF, each right by itself. */
function readOptions({ args, server }: CommandContext): TrackingOptions {
  let redirectTo = 0;
  let broadcasts = false;
  let optIn = false;
  let optOut = false;
  let noLoop = false;
  const prefixes: string[] = [];
  for (let i = 3; i < args.count; i++) {
    const hasNext = i + 1 < args.count;
    if (args.is(i, 'redirect') && hasNext) {
      if (redirectTo !== 0) throw REDIRECT_TWICE;
      redirectTo = Number(args.int64(++i));
      if (server.clients.get(redirectTo) === undefined) throw REDIRECT_TARGET_MISSING;
    } else if (args.is(i, 'bcast')) broadcasts = true;
    else if (args.is(i, 'optin')) optIn = true;
    else if (args.is(i, 'optout')) optOut = true;
    else if (args.is(i, 'noloop')) noLoop = true;
    else if (args.is(i, 'prefix') && hasNext) prefixes.push(args.string(++i));
    else throw SYNTAX;
  }
  return { redirectTo, broadcasts, optIn, optOut, noLoop, prefixes };
}

/** Throws when options contradict each other, or what the client has said before. */
function requireCompatible(options: TrackingOptions, before: ClientTracking | null): void {
  const { broadcasts, optIn, optOut, prefixes } = options;
  if (prefixes.length > 0 && !broadcasts) throw TRACKING_PREFIX_NEEDS_BCAST;
  if (before?.isOn && before.broadcasts !== broadcasts) throw TRACKING_BCAST_SWITCH;
  if (broadcasts && (optIn || optOut)) throw TRACKING_BCAST_WITH_OPT;
  if (optIn && optOut) throw TRACKING_OPTIN_AND_OPTOUT;
  if ((optIn && before?.optOut) || (optOut && before?.optIn)) throw TRACKING_OPT_SWITCH;
  for (const [i, prefix] of prefixes.entries()) {
    const existing = before?.prefixes.find((other) => overlap(prefix, other));
    if (existing !== undefined) throw prefixOverlapsExisting(prefix, existing);
    const further = prefixes.slice(i + 1).find((other) => overlap(prefix, other));
    if (further !== undefined) throw prefixesOverlap(prefix, further);
  }
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
