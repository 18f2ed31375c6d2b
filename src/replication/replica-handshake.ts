// The beginning of a link to a master: who we are and what we can read, then the wish to go on where we are (PSYNC), and
// what the master makes of it. Requests are sent ahead where the answers do not matter for the next; answers are lines.

import { toBytes, toText } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import type { OutgoingConnection } from '../engine/peer-door.ts';

const LF = 10;
const ID_LENGTH = 40;
// Nobody answers in so many words.
const MAX_LINE_BYTES = 64 * 1024;

/** A place in a stream that may be gone on from. */
export interface StreamPlace {
  readonly id: string;
  /** How much of it we have. */
  readonly offset: number;
}

/** What the master has answered to PSYNC. */
export type Verdict =
  /** The stream goes on where we are; `id` is '' when it has kept its ID. */
  | { readonly kind: 'continue'; readonly id: string }
  /** A snapshot follows, after which the stream goes on at `offset`; `id` is '' when the master does not say. */
  | { readonly kind: 'full'; readonly id: string; readonly offset: number }
  /** It knows no PSYNC: a snapshot follows all the same. */
  | { readonly kind: 'sync' }
  | { readonly kind: 'later' };

export interface HandshakeParts {
  readonly config: Config;
  readonly log: Logger;
  /** The port that this server listens on. */
  readonly port: () => number;
}

export interface HandshakeOwner {
  /** A line has come. */
  heard(): void;
  /** The answer, and what has come behind it, which is good until this returns. */
  decided(verdict: Verdict, rest: Uint8Array): void;
  /** It has come to nothing; the log says why. */
  failed(): void;
}

type Step = 'ping' | 'auth' | 'port' | 'address' | 'capabilities' | 'psync';

export class Handshake {
  private readonly parts: HandshakeParts;
  private readonly link: OutgoingConnection;
  private readonly place: StreamPlace | null;
  private readonly takesOver: boolean;
  private readonly owner: HandshakeOwner;
  private readonly steps: Step[] = ['ping'];
  private rest = '';

  /** `place`: what to go on from, null for nothing; `takesOver`: the other end shall become the master (FAILOVER). */
  constructor(
    parts: HandshakeParts,
    link: OutgoingConnection,
    place: StreamPlace | null,
    takesOver: boolean,
    owner: HandshakeOwner,
  ) {
    this.parts = parts;
    this.link = link;
    this.place = place;
    this.takesOver = takesOver;
    this.owner = owner;
  }

  /** The link is open. */
  begin(): void {
    this.send(['PING']);
  }

  receive(bytes: Uint8Array): void {
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      const line = (this.rest + toText(bytes, start, end)).replace(/\r$/, '');
      this.rest = '';
      start = end + 1;
      this.owner.heard();
      // Before it decides on PSYNC a master may send empty lines, so that it is not taken for dead.
      if (line === '' && this.steps[0] === 'psync') continue;
      const step = this.steps.shift()!;
      if (step === 'psync') {
        this.owner.decided(this.verdict(line), bytes.subarray(start));
        return;
      }
      if (!this.answered(step, line)) {
        this.owner.failed();
        return;
      }
    }
    this.rest += toText(bytes, start, bytes.length);
    if (this.rest.length > MAX_LINE_BYTES) this.ended('');
  }

  /** The link is over. */
  ended(reason: string): void {
    const { log } = this.parts;
    log.warning(`Failed to read response from the server: ${reason === '' ? 'Success' : reason}`);
    if (this.steps[0] !== 'psync') {
      log.warning('Master did not respond to command during SYNC handshake');
      this.owner.failed();
      return;
    }
    log.warning('Master did not reply to PSYNC, will try later');
    this.owner.decided({ kind: 'later' }, NOTHING);
  }

  // Returns whether to go on.
  private answered(step: Step, line: string): boolean {
    const { log } = this.parts;
    const isError = line.startsWith('-');
    switch (step) {
      case 'ping':
        // Whoever asks for a password is there all right.
        if (!line.startsWith('+') && !/^-(NOAUTH|NOPERM|ERR operation not permitted)/.test(line)) {
          log.warning(`Error reply to PING from master: '${line}'`);
          return false;
        }
        log.notice('Master replied to PING, replication can continue...');
        this.introduce();
        return true;
      case 'auth':
        if (isError) log.warning(`Unable to AUTH to MASTER: ${line}`);
        return !isError;
      case 'port':
        if (isError) log.notice(`(Non critical) Master does not understand REPLCONF listening-port: ${line}`);
        return true;
      case 'address':
        if (isError) log.notice(`(Non critical) Master does not understand REPLCONF ip-address: ${line}`);
        return true;
      default:
        if (isError) log.notice(`(Non critical) Master does not understand REPLCONF capa: ${line}`);
        this.askForStream();
        return true;
    }
  }

  private introduce(): void {
    const { values } = this.parts.config;
    const { masterauth, masteruser } = values;
    if (masterauth !== '') {
      this.send(masteruser === '' ? ['AUTH', masterauth] : ['AUTH', masteruser, masterauth]);
      this.steps.push('auth');
    }
    this.send(['REPLCONF', 'listening-port', String(this.announcedPort())]);
    this.steps.push('port');
    const address = values['replica-announce-ip'];
    if (address !== '') {
      this.send(['REPLCONF', 'ip-address', address]);
      this.steps.push('address');
    }
    this.send(['REPLCONF', 'capa', 'eof', 'capa', 'psync2']);
    this.steps.push('capabilities');
  }

  private announcedPort(): number {
    const { values } = this.parts.config;
    if (values['replica-announce-port'] !== 0) return values['replica-announce-port'];
    return values['tls-replication'] && values['tls-port'] !== 0 ? values['tls-port'] : this.parts.port();
  }

  private askForStream(): void {
    const { log } = this.parts;
    const request = ['PSYNC', '?', '-1'];
    if (this.place === null) {
      log.notice('Partial resynchronization not possible (no cached master)');
    } else {
      request[1] = this.place.id;
      request[2] = String(this.place.offset + 1);
      log.notice(`Trying a partial resynchronization (request ${request[1]}:${request[2]}).`);
    }
    if (this.takesOver) request.push('FAILOVER');
    this.send(request);
    this.steps.push('psync');
  }

  private verdict(line: string): Verdict {
    const { log } = this.parts;
    if (line.startsWith('+FULLRESYNC')) return this.fullSynchronization(line);
    if (line.startsWith('+CONTINUE')) {
      log.notice('Successful partial resynchronization with master.');
      const id = line.slice('+CONTINUE '.length);
      return { kind: 'continue', id: id.length === ID_LENGTH ? id : '' };
    }
    if (line.startsWith('-NOMASTERLINK') || line.startsWith('-LOADING')) {
      log.notice(`Master is currently unable to PSYNC but should be in the future: ${line}`);
      return { kind: 'later' };
    }
    if (line.startsWith('-ERR')) {
      log.notice(`Master does not support PSYNC or is in error state (reply: ${line})`);
    } else {
      log.warning(`Unexpected reply to PSYNC from master: ${line}`);
    }
    return { kind: 'sync' };
  }

  private fullSynchronization(line: string): Verdict {
    const { log } = this.parts;
    const [, id, offset] = line.split(' ');
    if (id?.length !== ID_LENGTH || offset === undefined) {
      log.warning('Master replied with wrong +FULLRESYNC syntax.');
      return { kind: 'full', id: '', offset: -1 };
    }
    const verdict = { kind: 'full' as const, id, offset: Number.parseInt(offset, 10) || 0 };
    log.notice(`Full resync from master: ${id}:${verdict.offset}`);
    return verdict;
  }

  private send(words: readonly string[]): void {
    this.link.send(requestOf(words), () => {});
  }
}

/** A request of latin1 words. */
export function requestOf(words: readonly string[]): Uint8Array {
  return toBytes(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`);
}

const NOTHING = new Uint8Array(0);
