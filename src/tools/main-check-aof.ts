// The process of respite-check-aof.

import process from 'node:process';
import { checkAof } from './check-aof.ts';
import { processTool } from './process-tool.ts';

process.exitCode = checkAof(processTool(), process.argv.slice(2));
