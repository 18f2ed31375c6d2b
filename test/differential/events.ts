// Key events as they are received: the observer of a program subscribes to all of them, and what came in is the state that is
// compared.

import { showReply } from '../support/match-reply.ts';
import type { TestClient } from '../support/test-client.ts';

/** What the observer sends before the program begins. The class of modules has no events. */
export const LISTENING: readonly (readonly string[])[] = [
  ['CONFIG', 'SET', 'notify-keyspace-events', 'KEAmn'],
  ['PSUBSCRIBE', '__key*__:*'],
];

/** The messages that have come since the last call, in their order: a line each, with channel and text. */
export async function eventsText(client: TestClient): Promise<string[]> {
  const lines: string[] = [];
  client.send('PING');
  for (;;) {
    const { reply } = await client.reply();
    if (reply.type !== 'array') throw new Error(`no message: ${showReply(reply)}`);
    if (reply.items.length === 2) return lines;
    lines.push(reply.items.slice(2).map(showReply).join(' '));
  }
}
