// What our server answers to the programs is what Redis 7.2.4 answered when it was recorded: this needs no Redis. Ten
// thousand requests and more for each type of value, with what the server holds after each block of them; the quick suite
// takes the first seed only.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { referenceIsRequired } from '../support/reference.ts';
import { TestServer } from '../support/test-server.ts';
import { type Block, type Side, shownRequest, tell } from './compare.ts';
import { type Program, SERIES, type Series } from './programs.ts';
import { differingBlock, hashOf, hashOfProgram, RECORDED_VERSION, readRecord, runsOf } from './records.ts';

describe.each(SERIES)('$name', (series) => {
  const recorded = readRecord(series);
  let ours: TestServer;
  let side: Side;

  beforeAll(async () => {
    ours = await TestServer.start({ config: series.config });
    side = { name: 'ours', connect: async () => ours.connect(), nowMs: () => ours.runtime.clock.nowMs() };
  });

  afterAll(() => ours.close());

  test('is recorded of the version that we are like, with ten thousand requests', () => {
    expect(recorded.redis).toBe(RECORDED_VERSION);
    const lengths = runsOf(series).map(
      ({ seed, protocol }) => series.program(seed, protocol).requests.length,
    );
    expect(lengths.reduce((sum, length) => sum + length)).toBeGreaterThanOrEqual(10_000);
  });

  const runs = runsOf(series).filter(({ seed }) => seed === 1 || referenceIsRequired());
  test.each(runs)('seed $seed, RESP$protocol', async ({ seed, protocol }) => {
    const program = series.program(seed, protocol);
    const run = recorded.runs.find((one) => one.seed === seed && one.protocol === protocol);
    if (run?.program !== hashOfProgram(program)) {
      expect.fail(
        'this is not the program that was recorded: a spec, a pool of values or the fuzzer has changed. ' +
          `Record again, with a redis-server ${RECORDED_VERSION} on the PATH: npm run record`,
      );
    }
    const blocks = await tell(side, program, protocol, series);
    const at = differingBlock(run.answers, blocks.map(hashOf).join(''));
    if (at >= 0) expect.fail(problem(series, program, seed, at, blocks[at]!));
  });
});

function problem(
  { suite, name, blockSteps }: Series,
  program: Program,
  seed: number,
  at: number,
  block: Block,
) {
  const first = at * blockSteps;
  const lines = block.answers.map((answer, i) => {
    return `${first + i + 1}: ${shownRequest(program.requests[first + i]!)}\n    ${answer}`.slice(0, 400);
  });
  const variables = `RESPITE_SEED=${seed} RESPITE_RUNS=1`;
  const command = 'npx vitest run --config vitest.interop.config.ts';
  return [
    `requests ${first + 1} to ${first + lines.length} are not answered as Redis ${RECORDED_VERSION} did, or leave other keys.`,
    'The difference itself, in the shortest program that has it, is shown beside a redis-server 7.2 on the PATH by:',
    `  ${variables} ${command} test/differential/${suite}.interop.test.ts -t "${name}"`,
    'Our answers:',
    ...lines,
    'and the keys then:',
    ...block.state.map((line) => line.slice(0, 400)),
  ].join('\n');
}
