// Lines of users before there is a server.

import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import { AclCatalog } from '../../src/engine/acl-catalog.ts';
import { joinSelectors, userLine, userLineProblem } from '../../src/engine/acl-lines.ts';
import { AclUser } from '../../src/engine/acl-user.ts';

const catalog = new AclCatalog({ commands: COMMANDS, allowsChannels: () => false, warn: () => {} });

test.each([
  [['on', '(+get', '~a)', '~b'], { rules: ['on', '(+get ~a)', '~b'] }],
  [['(+get)', '(', '+set', ')'], { rules: ['(+get)', '( +set )'] }],
  [['(', ')'], { rules: ['( )'] }],
  [['', '()', ')'], { rules: ['', '()', ')'] }],
  [['(a\0b', 'c\0d)', 'e)'], { rules: ['(a\0b c', 'e)'] }],
  [['on', '(+get', '~a'], { unclosed: 1 }],
  [[], { rules: [] }],
])('rules %j', (rules, joined) => {
  expect(joinSelectors(rules)).toEqual(joined);
});

test.each([
  [['user', 'u', 'on', '>p', '~a', '+get', '+nosuch', '(+get', '~b)'], null],
  [['user', 'u'], null],
  [['user', 'u', 'bad'], "Error in user declaration 'user': Syntax error"],
  [['user', 'u', 'on', 'bad'], "Error in user declaration 'u': Syntax error"],
  [['user', 'u', 'on', 'nopass', 'bad'], "Error in user declaration 'on': Syntax error"],
  [['user', 'u', 'on', '(+get'], "Error in user declaration 'u': Wrong format"],
  [
    ['user', 'v', 'on'],
    "Error in user declaration 'v': Duplicate user found. A user can only be defined once in config files",
  ],
])('%j', (words, problem) => {
  expect(userLineProblem(words, [['v', 'on']], catalog)).toBe(problem);
});

test('a line makes the user that it was made of', () => {
  const rules =
    'on >a >b skip-sanitize-payload throttle=7:0 ~k* %R~r %W~w &c +@all -@admin +select|0 -get (+get ~x) (%RW~y allchannels)';
  const user = new AclUser('u', catalog);
  const joined = joinSelectors(rules.split(' '));
  for (const rule of 'rules' in joined ? joined.rules : []) expect(user.apply(rule)).toBeNull();
  const line = userLine(user);
  const again = new AclUser('u', catalog);
  const words = joinSelectors(line.split(' ').slice(2));
  for (const rule of 'rules' in words ? words.rules : []) expect(again.apply(rule)).toBeNull();
  expect(userLine(again)).toBe(line);
  const copy = new AclUser('u', catalog);
  copy.takeRulesOf(user);
  expect(userLine(copy)).toBe(line);
  copy.apply('reset');
  expect(userLine(copy)).toBe('user u off sanitize-payload resetchannels -@all');
  expect(userLine(user)).toBe(line);
});
