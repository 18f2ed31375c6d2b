// How a test says which reply it expects: one notation for both protocols. Plain JavaScript values stand for the common
// replies (number: integer, string: bulk string, null, arrays), the functions for the rest.

export type Expected =
  | number
  | bigint
  | string
  | null
  | readonly Expected[]
  | { readonly kind: 'simple' | 'error' | 'verbatim' | 'big'; readonly text: string }
  | { readonly kind: 'nullArray' }
  | {
      readonly kind: 'map' | 'unorderedMap' | 'pairs' | 'unorderedPairs' | 'streams';
      readonly pairs: readonly (readonly [Expected, Expected])[];
    }
  | { readonly kind: 'set' | 'push' | 'unordered'; readonly items: readonly Expected[] }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'matching'; readonly pattern: RegExp }
  | { readonly kind: 'integerBetween'; readonly low: number; readonly high: number }
  | { readonly kind: 'anything' };

export const simple = (text: string): Expected => ({ kind: 'simple', text });
export const OK = simple('OK');
/** A reply error, with its code: `error('ERR syntax error')`. */
export const error = (text: string): Expected => ({ kind: 'error', text });
export const nullArray: Expected = { kind: 'nullArray' };
/** A map: in RESP2 a flat array. */
export const map = (...pairs: (readonly [Expected, Expected])[]): Expected => ({ kind: 'map', pairs });
/** A map whose order is open (CONFIG GET of several directives, HGETALL of a large hash). */
export const unorderedMap = (...pairs: (readonly [Expected, Expected])[]): Expected => ({
  kind: 'unorderedMap',
  pairs,
});
/** Pairs in an order that matters (members with scores): in RESP2 a flat array, in RESP3 an array of arrays of two. */
export const pairs = (...pairs: (readonly [Expected, Expected])[]): Expected => ({ kind: 'pairs', pairs });
/** As `pairs`, in any order (HRANDFIELD WITHVALUES). */
export const unorderedPairs = (...pairs: (readonly [Expected, Expected])[]): Expected => ({
  kind: 'unorderedPairs',
  pairs,
});
/** Streams with their entries (XREAD): in RESP2 an array of arrays of two, in RESP3 a map. */
export const streams = (...pairs: (readonly [Expected, Expected])[]): Expected => ({
  kind: 'streams',
  pairs,
});
/** A set reply, in any order: in RESP2 an array. */
export const set = (...items: Expected[]): Expected => ({ kind: 'set', items });
/** An array whose order is open (KEYS, SCAN). */
export const unordered = (...items: Expected[]): Expected => ({ kind: 'unordered', items });
export const push = (...items: Expected[]): Expected => ({ kind: 'push', items });
/** A double: in RESP2 a bulk string. */
export const double = (value: number): Expected => ({ kind: 'double', value });
/** A boolean: in RESP2 the integer 1 or 0. */
export const boolean = (value: boolean): Expected => ({ kind: 'boolean', value });
export const verbatim = (text: string): Expected => ({ kind: 'verbatim', text });
export const big = (text: string): Expected => ({ kind: 'big', text });
/** A bulk, simple, verbatim or error reply whose text matches. */
export const matching = (pattern: RegExp): Expected => ({ kind: 'matching', pattern });
export const integerBetween = (low: number, high: number): Expected => ({
  kind: 'integerBetween',
  low,
  high,
});
export const anything: Expected = { kind: 'anything' };
