// The tables about keys, strings, and what is kept in strings and sorted sets: bitmaps, HyperLogLogs, places.

import { isOfStrings, readTables } from '../support/tables.ts';
import { tellTables } from '../support/tell-tables.ts';

tellTables((await readTables()).filter(isOfStrings));
