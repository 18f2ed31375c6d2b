// Whether a reply is what a test expects. A value of the notation in expected.ts stands for one way of putting it on the
// wire in each protocol, so a reply of the wrong type fails even where clients would not see a difference.

import type { Expected } from './expected.ts';
import { doubleOf, type Protocol, type Reply, readFrame } from './resp.ts';

/**
 * Null when `raw` (one whole frame, latin1 or bytes) is the expected reply in this protocol, else a text that says what
 * is wrong.
 */
export function matchReply(expected: Expected, raw: string | Uint8Array, protocol: Protocol): string | null {
  const text = typeof raw === 'string' ? raw : Buffer.from(raw).toString('latin1');
  let reply: Reply;
  try {
    const read = readFrame(text, protocol);
    if (read === null || read.end !== text.length) return `not one whole reply: ${JSON.stringify(text)}`;
    reply = read.frame.reply;
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return matchParsed(expected, reply, protocol);
}

/** As `matchReply`, for a reply that has been read. */
export function matchParsed(expected: Expected, reply: Reply, protocol: Protocol): string | null {
  if (fits(expected, reply, protocol)) return null;
  return `expected ${show(expected)}\n     got ${showReply(reply)}`;
}

function fits(expected: Expected, reply: Reply, protocol: Protocol): boolean {
  if (typeof expected === 'number' || typeof expected === 'bigint') {
    return reply.type === 'integer' && reply.value === BigInt(expected);
  }
  if (typeof expected === 'string') return reply.type === 'bulk' && reply.text === expected;
  if (expected === null) return reply.type === (protocol === 2 ? 'nullBulk' : 'null');
  if (isList(expected)) return reply.type === 'array' && fitInOrder(expected, reply.items, protocol);
  switch (expected.kind) {
    case 'simple':
    case 'error':
      return reply.type === expected.kind && reply.text === expected.text;
    case 'verbatim':
      return reply.type === (protocol === 2 ? 'bulk' : 'verbatim') && textOf(reply) === expected.text;
    case 'big':
      return reply.type === (protocol === 2 ? 'bulk' : 'big') && textOf(reply) === expected.text;
    case 'nullArray':
      return reply.type === (protocol === 2 ? 'nullArray' : 'null');
    case 'map':
      return fitMap(expected.pairs, reply, protocol, fitInOrder);
    case 'unorderedMap':
      return fitMap(expected.pairs, reply, protocol, fitInAnyOrder);
    case 'pairs':
      return fitPairs(expected.pairs, reply, protocol, fitInOrder);
    case 'unorderedPairs':
      return fitPairs(expected.pairs, reply, protocol, fitInAnyOrder);
    case 'streams':
      return protocol === 3
        ? fitMap(expected.pairs, reply, protocol, fitInOrder)
        : reply.type === 'array' && fitInOrder(expected.pairs, reply.items, protocol);
    case 'set':
      return fitItems(expected.items, reply, protocol === 2 ? 'array' : 'set', protocol, fitInAnyOrder);
    case 'unordered':
      return fitItems(expected.items, reply, 'array', protocol, fitInAnyOrder);
    case 'push':
      return fitItems(expected.items, reply, protocol === 2 ? 'array' : 'push', protocol, fitInOrder);
    case 'double': {
      if (protocol === 2) return reply.type === 'bulk' && isDoubleText(reply.text, expected.value);
      return reply.type === 'double' && Object.is(reply.value, expected.value);
    }
    case 'boolean':
      if (protocol === 2) return reply.type === 'integer' && reply.value === (expected.value ? 1n : 0n);
      return reply.type === 'boolean' && reply.value === expected.value;
    case 'matching': {
      const text = textOf(reply);
      return text !== null && expected.pattern.test(text);
    }
    case 'integerBetween':
      return reply.type === 'integer' && reply.value >= expected.low && reply.value <= expected.high;
    case 'anything':
      return true;
  }
}

type FitList = (expected: readonly Expected[], items: readonly Reply[], protocol: Protocol) => boolean;

function fitItems(
  expected: readonly Expected[],
  reply: Reply,
  type: Reply['type'],
  protocol: Protocol,
  fit: FitList,
): boolean {
  return reply.type === type && 'items' in reply && fit(expected, reply.items, protocol);
}

// A pair is compared as a list of two, so that maps and arrays share their ways of comparing.
function fitMap(
  expected: readonly (readonly [Expected, Expected])[],
  reply: Reply,
  protocol: Protocol,
  fit: FitList,
): boolean {
  const pairs = protocol === 3 ? (reply.type === 'map' ? reply.pairs : null) : flatPairs(reply);
  if (pairs === null) return false;
  return fit(
    expected,
    pairs.map(([name, value]) => ({ type: 'array', items: [name, value] })),
    protocol,
  );
}

function fitPairs(
  expected: readonly (readonly [Expected, Expected])[],
  reply: Reply,
  protocol: Protocol,
  fit: FitList,
): boolean {
  return protocol === 3
    ? reply.type === 'array' && fit(expected, reply.items, protocol)
    : fitMap(expected, reply, protocol, fit);
}

function flatPairs(reply: Reply): [Reply, Reply][] | null {
  if (reply.type !== 'array' || reply.items.length % 2 !== 0) return null;
  const { items } = reply;
  return Array.from({ length: items.length / 2 }, (_, i) => [items[i * 2]!, items[i * 2 + 1]!]);
}

function fitInOrder(expected: readonly Expected[], items: readonly Reply[], protocol: Protocol): boolean {
  return expected.length === items.length && expected.every((one, i) => fits(one, items[i]!, protocol));
}

function fitInAnyOrder(expected: readonly Expected[], items: readonly Reply[], protocol: Protocol): boolean {
  if (expected.length !== items.length) return false;
  const left = [...items];
  // The exact expectations choose first, so that a loose one does not take what only they can use.
  const exactFirst = [...expected].sort((a, b) => Number(isLoose(a)) - Number(isLoose(b)));
  return exactFirst.every((one) => {
    const at = left.findIndex((item) => fits(one, item, protocol));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** Whether an expectation leaves something open: an order, a text, a number. */
export function isLoose(expected: Expected): boolean {
  if (expected === null || typeof expected !== 'object') return false;
  if (isList(expected)) return expected.some(isLoose);
  switch (expected.kind) {
    case 'map':
    case 'pairs':
    case 'streams':
      return expected.pairs.some((pair) => pair.some(isLoose));
    case 'push':
      return expected.items.some(isLoose);
    case 'unorderedMap':
    case 'unorderedPairs':
    case 'set':
    case 'unordered':
    case 'matching':
    case 'integerBetween':
    case 'anything':
      return true;
  }
  return false;
}

function isList(expected: Expected): expected is readonly Expected[] {
  return Array.isArray(expected);
}

function textOf(reply: Reply): string | null {
  return 'text' in reply ? reply.text : null;
}

function isDoubleText(text: string, value: number): boolean {
  return text.trim() === text && text !== '' && Object.is(doubleOf(text), value);
}

function show(expected: Expected): string {
  if (expected === null) return 'null';
  if (typeof expected === 'bigint') return `${expected}n`;
  if (typeof expected !== 'object') return JSON.stringify(expected);
  if (isList(expected)) return `[${expected.map(show).join(', ')}]`;
  switch (expected.kind) {
    case 'simple':
    case 'error':
    case 'verbatim':
    case 'big':
      return `${expected.kind}(${JSON.stringify(expected.text)})`;
    case 'map':
    case 'unorderedMap':
    case 'pairs':
    case 'unorderedPairs':
    case 'streams':
      return `${expected.kind}(${expected.pairs.map(([name, value]) => `${show(name)} => ${show(value)}`).join(', ')})`;
    case 'set':
    case 'push':
    case 'unordered':
      return `${expected.kind}(${expected.items.map(show).join(', ')})`;
    case 'double':
    case 'boolean':
      return `${expected.kind}(${expected.value})`;
    case 'matching':
      return `matching(${expected.pattern})`;
    case 'integerBetween':
      return `integerBetween(${expected.low}, ${expected.high})`;
    case 'nullArray':
    case 'anything':
      return expected.kind;
  }
}

/** A reply in the notation of expected.ts, for messages. */
export function showReply(reply: Reply): string {
  switch (reply.type) {
    case 'bulk':
      return JSON.stringify(reply.text);
    case 'integer':
      return reply.value.toString();
    case 'double':
      return `double(${reply.text})`;
    case 'boolean':
      return `boolean(${reply.value})`;
    case 'array':
      return `[${reply.items.map(showReply).join(', ')}]`;
    case 'set':
    case 'push':
      return `${reply.type}(${reply.items.map(showReply).join(', ')})`;
    case 'map':
      return `map(${reply.pairs.map(([name, value]) => `${showReply(name)} => ${showReply(value)}`).join(', ')})`;
    case 'null':
    case 'nullBulk':
    case 'nullArray':
      return reply.type;
    default:
      return `${reply.type}(${JSON.stringify(reply.text)})`;
  }
}
