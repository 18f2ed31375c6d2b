// What the log says of connections at its level `verbose`.

import { expect, onTestFinished, test } from 'vitest';
import { connectTo } from '../support/reference.ts';
import { TestServer } from '../support/test-server.ts';

test('a client that comes and goes is told of, with what CLIENT LIST shows of it', async () => {
  const server = await TestServer.start({ port: 0, realTime: true, config: { loglevel: 'verbose' } });
  onTestFinished(() => server.close());
  const socket = await connectTo(server.port);
  const { localPort } = socket;
  const said = async (text: string) => {
    while (!server.logLines.some((line) => line.includes(text)))
      await new Promise((resolve) => setImmediate(resolve));
    return server.logLines.find((line) => line.includes(text))!;
  };
  expect(await said('Accepted')).toMatch(new RegExp(` - Accepted 127\\.0\\.0\\.1:${localPort}\n$`));
  socket.end();
  expect(await said('Client closed')).toMatch(
    new RegExp(
      ` - Client closed connection id=\\d+ addr=127\\.0\\.0\\.1:${localPort} laddr=.* cmd=NULL .*\n$`,
    ),
  );
});
