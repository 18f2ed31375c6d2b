// TCP fast open as docs/tcp.md has it: in a network namespace of its own, with the sysctl of that page, a client sends its
// request with the SYN, and the kernel counts connections that were accepted with data.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageDirectory } from '../support/our-process.ts';
import { requireProgram } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';

const isPossible =
  process.platform === 'linux' && spawnSync('unshare', ['--map-root-user', '--net', 'true']).status === 0;
// Counted with the skipped tests, with its reason in the name.
const withNamespaces = describe.skipIf(!isPossible);

const SETTING = '0x403';
const PORT = '7000';

// Node's sockets cannot send data with a SYN.
const CLIENT = `
import fcntl, os, socket, struct, subprocess, sys
setting, port, *server = sys.argv[1:]
control = socket.socket()
fcntl.ioctl(control, 0x8914, struct.pack('16sH14x', b'lo', 0x1 | 0x40))
with open('/proc/sys/net/ipv4/tcp_fastopen', 'w') as file:
    file.write(setting)
child = subprocess.Popen(server, stdout=subprocess.PIPE, cwd=os.environ.get('TMPDIR', '/tmp'))
try:
    for line in child.stdout:
        if b'Ready to accept' in line: break
    for _ in range(3):
        with socket.socket() as client:
            client.sendto(b'PING\\r\\n', socket.MSG_FASTOPEN, ('127.0.0.1', int(port)))
            print(client.recv(100).decode().strip())
    names, values = [line.split() for line in open('/proc/net/netstat') if line.startswith('TcpExt:')]
    print(dict(zip(names, values))['TCPFastOpenPassive'])
finally:
    child.kill()
`;

withNamespaces('in a network namespace (where the system allows one)', () => {
  test('requests that come with the SYN are served', async () => {
    const server = [
      process.execPath,
      join(packageDirectory(), 'bin/server.js'),
      '--port',
      PORT,
      '--save',
      '',
    ];
    const { stdout, code } = await runProgram('unshare', [
      '--map-root-user',
      '--net',
      requireProgram('python3'),
      '-c',
      CLIENT,
      SETTING,
      PORT,
      ...server,
    ]);
    expect({ stdout, code }).toEqual({
      // The first connection has no cookie yet.
      stdout: '+PONG\n+PONG\n+PONG\n2\n',
      code: 0,
    });
  });
});
