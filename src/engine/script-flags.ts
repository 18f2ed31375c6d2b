// What a script or function says of itself ("flags=no-writes,allow-oom"), as bits.

export const SCRIPT_FLAG = {
  NO_WRITES: 1 << 0,
  ALLOW_OOM: 1 << 1,
  ALLOW_STALE: 1 << 2,
  NO_CLUSTER: 1 << 3,
  /** A script without a first line that says anything: it may do what scripts have always been allowed to do. */
  UNDECLARED: 1 << 4,
  ALLOW_CROSS_SLOT_KEYS: 1 << 5,
} as const;

/** The names of the flags that can be declared, in the order in which replies list them. */
export const SCRIPT_FLAG_NAMES: ReadonlyMap<string, number> = new Map([
  ['no-writes', SCRIPT_FLAG.NO_WRITES],
  ['allow-oom', SCRIPT_FLAG.ALLOW_OOM],
  ['allow-stale', SCRIPT_FLAG.ALLOW_STALE],
  ['no-cluster', SCRIPT_FLAG.NO_CLUSTER],
  ['allow-cross-slot-keys', SCRIPT_FLAG.ALLOW_CROSS_SLOT_KEYS],
]);
