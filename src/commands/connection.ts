// Commands about the connection itself.

import { arg, command } from '../engine/command-spec.ts';

export const ping = command({
  name: 'ping',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  summary: 'Answers that the server is there.',
  arity: -1,
  flags: ['fast', 'loading', 'stale'],
  args: [arg.string('message', { optional: true })],
  run({ args, reply }) {
    if (args.count === 1) reply.simple('PONG');
    else reply.bulk(args.bytes, args.start(1), args.length(1));
  },
});
