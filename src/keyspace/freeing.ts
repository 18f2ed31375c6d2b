// How soon the memory of a large value goes that is no longer needed.

/**
 * When a large value is freed that is no longer needed. `SOON`: in slices, so that nobody waits for it; `LAZILY`: so, too, and
 * it counts as freed lazily, because the configuration or a command has asked for it.
 */
export const FREEING = { NOW: 0, SOON: 1, LAZILY: 2 } as const;
export type Freeing = (typeof FREEING)[keyof typeof FREEING];
