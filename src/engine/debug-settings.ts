// What DEBUG can switch, for tests of the server: each switch is read by the part that it concerns.

export class DebugSettings {
  /** Periodic duties are not done. */
  cronPaused = false;
  /** Scripts may run commands that are denied to them. */
  scriptsMayRunDenied = false;
  /** DUMP payloads and RDB files with wrong checksums are read all the same. */
  skipsChecksums = false;
  /** How long to wait before the append-only file is written. */
  aofFlushSleepUs = 0;
}
