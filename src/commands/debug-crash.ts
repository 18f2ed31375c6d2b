// DEBUG's subcommands that end the server as an error of its own would: to try the crash report and what watches over the
// process. An embedded server only closes.

import type { CommandContext } from '../engine/context.ts';
import type { Fault } from '../engine/fault.ts';

// What DEBUG OOM asks for in Redis: half of all addresses.
const HALF_OF_ALL_BYTES = 9223372036854775807n;

export function crashBySegfault(ctx: CommandContext): void {
  crash(ctx, { kind: 'segfault' });
}

export function crashByPanic(ctx: CommandContext): void {
  const seconds = Math.floor(ctx.server.runtime.clock.nowMs() / 1000);
  crash(ctx, { kind: 'panic', text: `DEBUG PANIC called at Unix time ${seconds}`, stack: stackHere() });
}

export function crashByAssertion(ctx: CommandContext): void {
  crash(ctx, { kind: 'assertion', text: '1 == 2', stack: stackHere() });
}

export function crashByMemory(ctx: CommandContext): void {
  crash(ctx, { kind: 'out-of-memory', bytes: HALF_OF_ALL_BYTES, stack: stackHere() });
}

function crash({ reply, server }: CommandContext, fault: Fault): void {
  server.lifecycle.crash(fault);
  // Only an embedded server comes back.
  reply.ok();
}

// From the caller on.
function stackHere(): string {
  const holder = { stack: '' };
  Error.captureStackTrace(holder, stackHere);
  return holder.stack;
}
