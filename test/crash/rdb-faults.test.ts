// Some of the operations of SAVE and BGSAVE fail; see rdb-faults.ts.

import { testRdbFaults } from './rdb-faults.ts';

testRdbFaults(3);
