// The address of a host name, at once: CONFIG SET bind answers in the same turn, and the C library's resolver, which reads
// /etc/hosts and asks name servers, is to be had only by a callback. So a thread asks, and everybody waits, as in Redis.

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';

export type HostAddress = { readonly address: string } | { readonly reason: string };

const WAIT_MS = 20_000;
// In the words of the C library.
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
  EAI_FAIL: 'Non-recoverable failure in name resolution',
  EAI_MEMORY: 'Memory allocation failure',
  ENODATA: 'No address associated with hostname',
};

const ASK = `
const { lookup } = require('node:dns');
const { workerData } = require('node:worker_threads');
lookup(workerData.name, { family: 4 }, (error, address) => {
  workerData.port.postMessage(error === null ? { address } : { code: error.code });
  Atomics.store(workerData.isDone, 0, 1);
  Atomics.notify(workerData.isDone, 0);
});
`;

/** The first IPv4 address of a name, or why there is none. Blocks until it is known, for 20 seconds at most. */
export function lookUpHost(name: string): HostAddress {
  const { port1, port2 } = new MessageChannel();
  const isDone = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(ASK, {
    eval: true,
    execArgv: [],
    workerData: { name, port: port2, isDone },
    transferList: [port2],
  });
  thread.unref();
  Atomics.wait(isDone, 0, 0, WAIT_MS);
  const answer = receiveMessageOnPort(port1)?.message as { address?: string; code?: string } | undefined;
  port1.close();
  if (answer?.address !== undefined) return { address: answer.address };
  const code = answer?.code ?? 'EAI_AGAIN';
  return { reason: REASONS[code] ?? code };
}
