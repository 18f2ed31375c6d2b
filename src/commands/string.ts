// String values: reading and writing them whole.

import { copyBytes } from '../base/bytes.ts';
import { isString } from '../datatypes/kind.ts';
import { stringKind } from '../datatypes/string.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import { WRONG_TYPE } from '../resp/errors.ts';

export const get = command({
  name: 'get',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Returns the string value of a key.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run({ args, db, reply }) {
    const ref = db.lookupRead(args, 1);
    if (ref === 0) reply.null();
    else if (!isString(db.kind(ref))) throw WRONG_TYPE;
    else reply.bulk(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
  },
});

export const set = command({
  name: 'set',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Makes a key hold a string, whatever it held before.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'access', 'update', 'insert', 'variable_flags')],
  args: [arg.key('key'), arg.string('value')],
  run(ctx) {
    const { args, db } = ctx;
    const start = args.start(2);
    const length = args.length(2);
    const kind = stringKind(args.bytes, start, length);
    const ref = db.write(args, 1, db.lookupWrite(args, 1), kind, length, false);
    copyBytes(args.bytes, start, db.valueMemory(ref), db.valueOffset(ref), length);
    ctx.changed('set', 1);
    ctx.reply.ok();
  },
});
