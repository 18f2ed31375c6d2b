// The real redis-benchmark against our server, for the tests whose commands we have.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';
import { requireProgram } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';

const TESTS = ['ping_inline', 'ping_mbulk', 'set', 'get', 'incr', 'mset'];
const TITLES = ['PING_INLINE', /PING_(MBULK|BULK)/, 'SET', 'GET', 'INCR', 'MSET (10 keys)'];

const benchmark = requireProgram('redis-benchmark');
let ours: OurProcess;

beforeAll(async () => {
  ours = await OurProcess.start();
});

afterAll(() => ours.stop());

test.each([
  ['one request at a time', ['-c', '1', '-n', '500']],
  ['fifty clients', ['-c', '50', '-n', '20000']],
  ['pipelines of sixteen', ['-c', '20', '-n', '20000', '-P', '16']],
  ['random keys and large values', ['-c', '20', '-n', '5000', '-r', '1000', '-d', '4000', '-P', '8']],
  ['RESP3', ['-c', '10', '-n', '2000', '-3']],
  ['several threads', ['-c', '20', '-n', '5000', '--threads', '2']],
  ['a connection for each request', ['-c', '10', '-n', '500', '-k', '0']],
])('%s', async (_name, options) => {
  const args = ['-h', '127.0.0.1', '-p', String(ours.port), '-q', '-t', TESTS.join(','), ...options];
  const { code, stdout, stderr } = await runProgram(benchmark, args);
  expect(code, stdout + stderr).toBe(0);
  expect(stderr.replace(/WARNING: Keepalive disabled.*/, '')).not.toMatch(/error|warning/i);
  for (const title of TITLES) {
    const line = stdout
      .split(/[\r\n]+/)
      .findLast((one) => (typeof title === 'string' ? one.startsWith(`${title}:`) : title.test(one)));
    expect(line, `${title} in ${stdout}`).toMatch(/[0-9.]+ requests per second/);
  }
});
