// OBJECT: what the server knows of a value beside the value itself.

import { encodingName, KIND } from '../datatypes/kind.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Ref } from '../memory/heap.ts';
import { FREQUENCY_NOT_TRACKED, IDLE_TIME_NOT_TRACKED } from '../resp/errors.ts';

// Redis keeps one object for each of these integers and counts all users of it as this many.
const SHARED_INTEGER_DIGITS = 4;
export const SHARED_REFERENCES = 2147483647;

const encoding = command({
  name: 'encoding',
  since: '2.2.3',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Names the internal encoding of the value of a key.',
  arity: 3,
  flags: ['readonly'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(2, 'RO')],
  args: [arg.key('key')],
  run(ctx) {
    const ref = lookup(ctx);
    if (ref === 0) ctx.reply.null();
    else ctx.reply.bulkText(encodingName(ctx.db.kind(ref)));
  },
});

const freq = command({
  name: 'freq',
  since: '4.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Returns the logarithmic counter of accesses to a key.',
  arity: 3,
  flags: ['readonly'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(2, 'RO')],
  args: [arg.key('key')],
  run(ctx) {
    const { db, keyspace, reply } = ctx;
    const ref = lookup(ctx);
    if (ref === 0) reply.null();
    else if (!keyspace.access.policy.isLfu) throw FREQUENCY_NOT_TRACKED;
    else reply.integer(keyspace.access.frequency(db.accessBits(ref)));
  },
});

const help = helpSubcommand({ since: '6.2.0', group: 'generic', acl: ['keyspace'] });

const idletime = command({
  name: 'idletime',
  since: '2.2.3',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Returns the seconds since the last access to a key.',
  arity: 3,
  flags: ['readonly'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(2, 'RO')],
  args: [arg.key('key')],
  run(ctx) {
    const { db, keyspace, reply } = ctx;
    const ref = lookup(ctx);
    if (ref === 0) reply.null();
    else if (keyspace.access.policy.isLfu) throw IDLE_TIME_NOT_TRACKED;
    else reply.integer(keyspace.access.idleSeconds(db.accessBits(ref)));
  },
});

const refcount = command({
  name: 'refcount',
  since: '2.2.3',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Returns how many references there are to the value of a key.',
  arity: 3,
  flags: ['readonly'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(2, 'RO')],
  args: [arg.key('key')],
  run(ctx) {
    const ref = lookup(ctx);
    if (ref === 0) ctx.reply.null();
    else ctx.reply.integer(isSharedInteger(ctx, ref) ? SHARED_REFERENCES : 1);
  },
});

export const object = command({
  name: 'object',
  since: '2.2.3',
  group: 'generic',
  complexity: 'Depends on the subcommand.',
  summary: 'A container for commands that look into the values of keys.',
  arity: -2,
  flags: [],
  subcommands: [encoding, freq, help, idletime, refcount],
  help: [
    'ENCODING <key>',
    '    The name of the encoding in which the value of <key> is kept.',
    'FREQ <key>',
    '    How often <key> has been accessed of late, as a logarithmic counter. It is kept',
    '    under an LFU maxmemory policy only.',
    'IDLETIME <key>',
    '    The seconds since <key> was last read or written. They are kept unless an LFU',
    '    maxmemory policy is selected.',
    'REFCOUNT <key>',
    '    How many references there are to the value of <key>.',
  ],
});

// Looks at the key and counts it as a read, but neither notes an access nor reports a miss as an event.
function lookup({ args, db, keyspace }: CommandContext): Ref {
  const ref = db.peek(args, 2);
  if (ref === 0) keyspace.stats.misses++;
  else keyspace.stats.hits++;
  return ref;
}

// Values are never shared here; the answer is what Redis would say, which shares small integers unless it has to know
// when each was used: with a limit on memory and a policy that asks for it.
export function isSharedInteger({ db, server }: CommandContext, ref: Ref): boolean {
  const { values } = server.config;
  const policy = values['maxmemory-policy'];
  if (Number(values.maxmemory) !== 0 && (policy.endsWith('-lru') || policy.endsWith('-lfu'))) return false;
  if (db.kind(ref) !== KIND.STRING_INT || db.valueLength(ref) > SHARED_INTEGER_DIGITS) return false;
  return !db.valueText(ref).startsWith('-');
}
