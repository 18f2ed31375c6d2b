// What is asked of a soak.

import type { SoakResult } from './soak.ts';

const TOLERANCE = 0.02;
// What a server keeps that has worked: statistics of its commands, and tables that have grown.
const KEPT_BYTES = 2 * 1024 * 1024;

/**
 * What is wrong with a soak, a line each; none: it is sound. Only a long one is asked whether the process has stopped
 * growing: the JavaScript engine takes minutes to find its size.
 */
export function expectSound(result: SoakResult, { isLong }: { readonly isLong: boolean }): string[] {
  const problems = result.faults.map((fault) => `the server's fault: ${fault}`);
  const compare = (name: string, [first, last]: readonly [number, number]): void => {
    if (last > first * (1 + TOLERANCE)) problems.push(`${name} has grown from ${first} to ${last}`);
  };
  compare('used_memory', result.used);
  if (isLong) compare('used_memory_rss', result.rss);
  if (result.unreachableBytes !== 0) problems.push(`${result.unreachableBytes} bytes were lost`);
  const [before, after] = result.empty;
  if (after > before + KEPT_BYTES) problems.push(`an empty server has grown from ${before} to ${after}`);
  // Whether memory is scattered enough to be put together is chance in a short one.
  for (const name of ['expired_keys', 'evicted_keys', ...(isLong ? ['active_defrag_hits'] : [])]) {
    if (!result.figures[name]) problems.push(`nothing was done about ${name}`);
  }
  return problems;
}
