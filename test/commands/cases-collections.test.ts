// The tables about lists, hashes, sets, sorted sets and streams.

import { isOfCollections, readTables } from '../support/tables.ts';
import { tellTables } from '../support/tell-tables.ts';

tellTables((await readTables()).filter(isOfCollections));
