// Users as lines of text: `user <name> <rule> …`, in redis.conf, in the file of `aclfile`, and as ACL LIST shows them.

import { untilZero } from '../base/bytes.ts';
import type { FileDoor } from '../base/runtime.ts';
import { pathFromBytes, reasonOf } from '../config/file-text.ts';
import { hasSpace, RULE_ERROR, type RuleError, type RuleWorld } from './acl-selector.ts';
import { AclUser } from './acl-user.ts';

const UNREADABLE_RULES = 'Wrong format';

/** Rules in which each selector is one rule again, or the index of the rule whose parenthesis nothing closes. */
export type JoinedRules = { readonly rules: readonly string[] } | { readonly unclosed: number };

/** Joins the rules of a selector that blank space has torn apart: `(+get`, `~a)` is one. */
export function joinSelectors(rules: readonly string[]): JoinedRules {
  const joined: string[] = [];
  let open = '';
  let openedAt = -1;
  for (const [i, rule] of rules.entries()) {
    if (openedAt >= 0) open += ` ${untilZero(rule)}`;
    else if (rule.startsWith('(') && !rule.endsWith(')')) {
      open = rule;
      openedAt = i;
      continue;
    } else {
      joined.push(rule);
      continue;
    }
    if (!rule.endsWith(')')) continue;
    joined.push(open);
    openedAt = -1;
  }
  return openedAt < 0 ? { rules: joined } : { unclosed: openedAt };
}

/** `user <name> <rule> …`, as files have it. */
export function userLine(user: AclUser): string {
  return `user ${user.name} ${user.describe()}`;
}

/**
 * What is wrong with a `user` line of redis.conf, or null; `words` are all of the line. Unknown commands are found later, when
 * users are made.
 *
 * Observed 7.2.4: the word that the text names stands two before the wrong rule, and behind joined ones further off.
 */
export function userLineProblem(
  words: readonly string[],
  earlier: readonly (readonly string[])[],
  world: RuleWorld,
): string | null {
  const problem = (at: number, reason: string) => `Error in user declaration '${words[at] ?? ''}': ${reason}`;
  const [, name, ...rules] = words as [string, string, ...string[]];
  if (earlier.some(([other]) => other === name)) return problem(1, RULE_ERROR.DUPLICATE_USER);
  const joined = joinSelectors(rules);
  if ('unclosed' in joined) return problem(joined.unclosed, UNREADABLE_RULES);
  const draft = new AclUser(name, world);
  for (const [i, rule] of joined.rules.entries()) {
    const error = draft.apply(rule);
    if (error !== null && error !== RULE_ERROR.UNKNOWN) return problem(i, error);
  }
  return null;
}

/** The users of a file, or all that is wrong with it in one line, which calls the file `name`. Byte strings. */
export function readUserFile(
  files: FileDoor,
  name: string,
  path: string,
  world: RuleWorld,
): { readonly users: ReadonlyMap<string, AclUser> } | { readonly problem: string } {
  let text: string;
  try {
    text = files.readFileSync(pathFromBytes(path), 'latin1');
  } catch (error) {
    return { problem: `Error loading ACLs, opening file '${name}': ${reasonOf(error)}` };
  }
  const users = new Map<string, AclUser>();
  let problems = '';
  for (const [i, line] of text.split('\n').entries()) {
    const trimmed = line.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
    if (trimmed !== '') problems += readLine(trimmed, `${name}:${i + 1}`, i + 1, users, world);
  }
  if (problems === '') return { users };
  return {
    problem: `${problems}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`,
  };
}

function readLine(
  line: string,
  place: string,
  number: number,
  users: Map<string, AclUser>,
  world: RuleWorld,
): string {
  const [word, name, ...rules] = line.split(' ');
  if (word !== 'user' || name === undefined) {
    return `${place} should start with user keyword followed by the username. `;
  }
  if (hasSpace(name)) return `'${place}: username '${name}' contains invalid characters. `;
  if (users.has(name)) return `WARNING: Duplicate user '${name}' found on line ${number}. `;
  const user = new AclUser(name, world);
  users.set(name, user);
  const joined = joinSelectors(rules);
  if ('unclosed' in joined) return `${place}: Unmatched parenthesis in selector definition.`;
  let problems = '';
  let firstError: RuleError | null = null;
  for (const untrimmed of joined.rules) {
    const rule = untrimmed.replace(/^[\t\r]+|[\t\r]+$/g, '');
    const error = user.apply(rule);
    if (error === RULE_ERROR.UNKNOWN) {
      problems += `${place}: Error in applying operation '${rule}': ${error}. `;
    } else if (error !== null && firstError === null) {
      firstError = error;
      problems += `${place}: ${error}. `;
    }
  }
  return problems;
}
