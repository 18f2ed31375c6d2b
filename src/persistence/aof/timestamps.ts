// Annotations: lines between the commands of an append-only file that say when what follows was written. Loading passes
// over them; tools cut files by them.

/** What a line begins with that is no command. */
export const ANNOTATION = 0x23;

/** The annotation of a time in seconds since the epoch. */
export function timestampLine(seconds: number): string {
  return `#TS:${seconds}\r\n`;
}
