// How a server can fail: what the crash report says first, and which signal the process then ends by.

/** DEBUG asks for these, errors of the server's own lead to them. */
export type Fault =
  /** As if memory had been touched that is not there. */
  | { readonly kind: 'segfault' }
  /** A signal that ends the process has come from outside. */
  | { readonly kind: 'signal'; readonly name: 'SIGABRT'; readonly number: number }
  /** Something was not true that must be. */
  | { readonly kind: 'assertion'; readonly text: string; readonly stack: string }
  /** Something that cannot be gone on from. */
  | { readonly kind: 'panic'; readonly text: string; readonly stack: string }
  /** The system gave no memory; how many bytes were asked for, or null. */
  | { readonly kind: 'out-of-memory'; readonly bytes: bigint | null; readonly stack: string };

/** A fault of the kind that cannot be gone on from, found by whoever calls this. */
export function panic(text: string): Fault {
  const holder = { stack: '' };
  Error.captureStackTrace(holder, panic);
  return { kind: 'panic', text, stack: holder.stack };
}
