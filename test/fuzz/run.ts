// The long run of the frame fuzzer: every input goes over sockets to our server and to the real one, which must answer
// the same bytes and agree on closing. What they do not agree on is made smaller, printed and kept; so is an input whose
// kind of answer is new.
//
//   npx tsx test/fuzz/run.ts --minutes 10 [--seed 1] [--keep 150] [--password secret]

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../../src/index.ts';
import { buildPackage } from '../support/interop-setup.ts';
import { OurProcess } from '../support/our-process.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import { kindOfAnswer, readCorpus, writeCorpus } from './corpus.ts';
import { FrameFuzzer } from './frames.ts';
import { agree, type Outcome, Probe, showOutcome } from './probe.ts';

const MAX_FAILURES = 10;
const MAX_KEPT_BYTES = 300;
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    keep: { type: 'string', default: '150' },
    password: { type: 'string', default: '' },
  },
});
const program = findReference();
if (program === null) throw new Error('there is no redis-server on the PATH or in RESPITE_REFERENCE_SERVER');
const seed = Number(values.seed);
console.info(`seed ${seed}, ${values.minutes} minutes, beside Redis ${program.version}`);

const removePackage = buildPackage();
const { password } = values;
const ours = await OurProcess.start({ args: ['--requirepass', password] });
const reference = await ReferenceServer.start(program, { requirepass: password });
const probes = {
  ours: await Probe.open(ours.port, password),
  theirs: await Probe.open(reference.port, password),
};
const fuzzer = new FrameFuzzer(new SeededRandom(Buffer.from(String(seed))));
const corpus = readCorpus();
const kinds = new Set<string>();
const failures: string[] = [];
let inputs = 0;

async function outcomes(input: string, cuts: readonly number[]): Promise<{ ours: Outcome; theirs: Outcome }> {
  const theirs = await probes.theirs.outcome(input, cuts);
  return { ours: await probes.ours.outcome(input, cuts, theirs), theirs };
}

async function differs(input: string, cuts: readonly number[]): Promise<boolean> {
  const found = await outcomes(input, cuts);
  return !agree(found.ours, found.theirs);
}

// Takes away halves, quarters … as long as the servers still disagree.
async function smaller(input: string): Promise<string> {
  let size = Math.ceil(input.length / 2);
  while (size >= 1) {
    let at = 0;
    while (at < input.length) {
      const without = input.slice(0, at) + input.slice(at + size);
      if (without !== input && (await differs(without, [without.length]))) input = without;
      else at += size;
    }
    size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return input;
}

async function tell(input: string, cuts: readonly number[]): Promise<void> {
  inputs++;
  const found = await outcomes(input, cuts);
  const kind = kindOfAnswer(found.theirs.output, found.theirs.closed);
  if (!kinds.has(kind)) {
    kinds.add(kind);
    if (input.length <= MAX_KEPT_BYTES && !corpus.includes(input) && corpus.length < Number(values.keep))
      corpus.push(input);
  }
  if (agree(found.ours, found.theirs)) return;
  const whole = [input.length];
  const small = (await differs(input, whole)) ? await smaller(input) : null;
  const shown = small ?? input;
  const shownCuts = small === null ? cuts : [small.length];
  const last = await outcomes(shown, shownCuts);
  console.error(
    `DIFFERENT ${JSON.stringify(shown)} cut at ${shownCuts}\n  ours   ${showOutcome(last.ours)}\n  theirs ${showOutcome(last.theirs)}`,
  );
  failures.push(shown);
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}

try {
  for (const input of [...corpus]) await tell(input, fuzzer.cuts(input.length));
  const residentBefore = residentBytes(ours.pid);
  const endMs = performance.now() + Number(values.minutes) * 60_000;
  while (performance.now() < endMs && failures.length < MAX_FAILURES) {
    const input = fuzzer.input(corpus);
    await tell(input, fuzzer.cuts(input.length));
    if (ours.hasEnded) throw new Error(`our server has ended: ${ours.stdout}${ours.stderr}`);
  }
  const growth = residentBytes(ours.pid) - residentBefore;
  console.info(`${inputs} inputs, ${kinds.size} kinds of answers, resident memory grew by ${growth} bytes`);
  if (growth > MAX_GROWTH_BYTES) failures.push(`our server grew by ${growth} bytes`);
} finally {
  probes.ours.close();
  probes.theirs.close();
  await ours.stop();
  await reference.stop();
  removePackage();
}
writeCorpus([...new Set([...corpus, ...failures.filter((one) => !one.startsWith('our server'))])]);
if (failures.length > 0) {
  console.error(`${failures.length} failures, seed ${seed}`);
  process.exitCode = 1;
}
