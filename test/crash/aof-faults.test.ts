// Some of the operations of the append-only files fail; see aof-faults.ts.

import { testAofFaults } from './aof-faults.ts';

testAofFaults(13);
