// The process of respite-check-rdb.

import process from 'node:process';
import { checkRdb } from './check-rdb.ts';
import { processTool } from './process-tool.ts';

process.exitCode = checkRdb(processTool(), process.argv.slice(2));
