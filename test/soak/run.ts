// The long soak, `npm run soak [seconds [seed]]`: an hour unless told otherwise. It says every minute how it goes, and fails
// with the reason.

import { expectSound } from './expectations.ts';
import { LONG_SECONDS, soak } from './soak.ts';

const [seconds = '3600', seed = '1'] = process.argv.slice(2);
const report = (line: string): void => void process.stdout.write(`${line}\n`);

const result = await soak({ seconds: Number(seconds), seed: Number(seed), report });
report(JSON.stringify(result, null, 2));
const problems = expectSound(result, { isLong: Number(seconds) >= LONG_SECONDS });
for (const problem of problems) report(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
