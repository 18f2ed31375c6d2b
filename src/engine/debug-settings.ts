// What DEBUG can switch, for tests of the server: each switch is read by the part that it concerns.

/** The longest list element that shares a node with others, unless DEBUG QUICKLIST-PACKED-THRESHOLD says otherwise. */
export const PACKED_THRESHOLD_BYTES = 2 ** 30;

export class DebugSettings {
  /** Periodic duties are not done. */
  cronPaused = false;
  /** Scripts may run commands that are denied to them. */
  scriptsMayRunDenied = false;
  /** List elements of this size and more have a node of their own. */
  packedThresholdBytes = PACKED_THRESHOLD_BYTES;
}
