// DEBUG PROTOCOL: a reply of every type, for tests of client libraries. The values are Redis's.

import type { CommandContext } from '../engine/context.ts';
import { PUSH_NEEDS_RESP3, WRONG_PROTOCOL_TYPE } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

const TYPES: Readonly<Record<string, (reply: ReplyWriter) => void>> = {
  string: (reply) => reply.bulkText('Hello World'),
  integer: (reply) => reply.integer(12345),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: the number that Redis answers
  double: (reply) => reply.double(3.141),
  bignum: (reply) => reply.bigNumber('1234567999999999999999999999999999999'),
  null: (reply) => reply.null(),
  array: (reply) => {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  set: (reply) => {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  map: (reply) => {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.integer(i);
      reply.boolean(i === 1);
    }
  },
  attrib: (reply) => {
    if (reply.protocol === 3) {
      reply.attribute(1);
      reply.bulkText('key-popularity');
      reply.array(2);
      reply.bulkText('key:123');
      reply.integer(90);
    }
    reply.bulkText('Some real reply following the attribute');
  },
  push: (reply) => {
    if (reply.protocol === 2) throw PUSH_NEEDS_RESP3;
    reply.push(2);
    reply.bulkText('server-cpu-usage');
    reply.integer(42);
    reply.bulkText('Some real reply following the push reply');
  },
  verbatim: (reply) => reply.verbatim('This is a verbatim\nstring', 'txt'),
  true: (reply) => reply.boolean(true),
  false: (reply) => reply.boolean(false),
};

export function replyWithType({ args, reply }: CommandContext): void {
  const name = Object.keys(TYPES).find((type) => args.is(2, type));
  if (name === undefined) throw WRONG_PROTOCOL_TYPE;
  TYPES[name]!(reply);
}
