// INFO: the figures of the server, by section.

import { arg, command } from '../engine/command-spec.ts';
import { infoText } from '../engine/info-section.ts';

export const info = command({
  name: 'info',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Shows the state and the counters of the server.',
  arity: -1,
  flags: ['loading', 'stale'],
  acl: ['dangerous'],
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  history: [['7.0.0', 'Takes several sections.']],
  args: [arg.string('section', { multiple: true, optional: true })],
  run: ({ args, reply, server }) => reply.verbatim(infoText(server, args.strings(1)), 'txt'),
});
