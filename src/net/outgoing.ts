// TCP connections that the server opens itself, behind the engine's `PeerDoor`.

import { connect } from 'node:net';
import type { OutgoingConnection, OutgoingOwner, PeerDoor } from '../engine/peer-door.ts';

const MAX_PORT = 65535;

export class TcpDoor implements PeerDoor {
  open(host: string, port: number, owner: OutgoingOwner): OutgoingConnection {
    // Node throws for a port that cannot be; 0 is one on which nobody listens.
    const socket = connect({ host, port: port > 0 && port <= MAX_PORT ? port : 0, noDelay: true });
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      socket.destroy();
      owner.ended();
    };
    socket.on('connect', () => owner.opened());
    socket.on('data', (bytes) => owner.received(bytes));
    socket.on('error', end);
    socket.on('end', end);
    socket.on('close', end);
    return {
      send: (bytes, taken) => {
        socket.write(bytes, (error) => {
          if (error === undefined || error === null) taken();
        });
      },
      close: () => {
        isOver = true;
        socket.destroy();
      },
    };
  }
}
