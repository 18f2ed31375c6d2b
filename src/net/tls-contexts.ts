// What the tls-* directives say, as OpenSSL takes it: one context for connections that come in, one for those that the
// server opens. Both are made together or not at all, so a wrong setting leaves in use what was there before; connections
// that exist keep the context that they began with.

import { constants } from 'node:crypto';
import { constants as system } from 'node:os';
import { resolve } from 'node:path';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from '../base/logger.ts';
import type { FileDoor } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { DirectiveName } from '../config/directives.ts';
import { errorCode, pathFromBytes, reasonOf } from '../config/file-text.ts';
import { opensslText } from './secure-socket.ts';

/** The directives that a context is made from. */
export const CONTEXT_DIRECTIVES: readonly DirectiveName[] = [
  'tls-cert-file',
  'tls-key-file',
  'tls-key-file-pass',
  'tls-client-cert-file',
  'tls-client-key-file',
  'tls-client-key-file-pass',
  'tls-dh-params-file',
  'tls-ca-cert-file',
  'tls-ca-cert-dir',
  'tls-protocols',
  'tls-ciphers',
  'tls-ciphersuites',
  'tls-prefer-server-ciphers',
  'tls-session-caching',
  'tls-session-cache-size',
  'tls-session-cache-timeout',
  'tls-replication',
  'tls-cluster',
];

const EXCLUDED_PROTOCOL: ReadonlyMap<string, number> = new Map([
  ['tlsv1', constants.SSL_OP_NO_TLSv1],
  ['tlsv1.1', constants.SSL_OP_NO_TLSv1_1],
  ['tlsv1.2', constants.SSL_OP_NO_TLSv1_2],
  ['tlsv1.3', constants.SSL_OP_NO_TLSv1_3],
]);
const USUAL_PROTOCOLS = ['tlsv1.2', 'tlsv1.3'];
const OPENSSL_CIPHERS = 'DEFAULT';
const TLS13_PREFIX = 'TLS_';
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;
const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const SYSTEM_ERROR = 0x8000_0000;
// So that a session is not taken for another service's.
const SESSION_CONTEXT = 'redis';

interface Contexts {
  readonly server: SecureContext;
  /** Null: the server's is shown to others, too. */
  readonly client: SecureContext | null;
}

interface Identity {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase: string;
}

/** Why a context cannot be made, for the log. */
class SettingError extends Error {}

export class TlsContexts {
  private readonly config: Config;
  private readonly files: FileDoor;
  private readonly log: Logger;
  private current: Contexts | null = null;

  constructor(config: Config, files: FileDoor, log: Logger) {
    this.config = config;
    this.files = files;
    this.log = log;
  }

  /** Whether there are contexts. */
  get isReady(): boolean {
    return this.current !== null;
  }

  /** For connections that come in; call it only when `isReady`. */
  get forServer(): SecureContext {
    return this.current!.server;
  }

  /** For connections that go out. */
  get forClient(): SecureContext {
    return this.current!.client ?? this.current!.server;
  }

  /** Whether anything is to be encrypted. */
  get isWanted(): boolean {
    const { values } = this.config;
    return values['tls-port'] !== 0 || values['tls-replication'] || values['tls-cluster'];
  }

  /** Makes the contexts anew by the present configuration. False: it is wrong, the log says how, and the old ones stay. */
  configure(): boolean {
    try {
      this.current = this.make();
      return true;
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      this.log.warning(error.message);
      return false;
    }
  }

  private make(): Contexts {
    const { values } = this.config;
    if (values['tls-cert-file'] === '') throw new SettingError('No tls-cert-file configured!');
    if (values['tls-key-file'] === '') throw new SettingError('No tls-key-file configured!');
    const needsAuthorities =
      values['tls-auth-clients'] !== 'no' || values['tls-cluster'] || values['tls-replication'];
    if (needsAuthorities && values['tls-ca-cert-file'] === '' && values['tls-ca-cert-dir'] === '') {
      throw new SettingError(
        'Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or tls-auth-clients are enabled!',
      );
    }
    const protocols = excludedProtocols(values['tls-protocols']);
    const server = this.common(protocols, {
      certFile: values['tls-cert-file'],
      keyFile: values['tls-key-file'],
      passphrase: values['tls-key-file-pass'],
    });
    const ofServer = { ...server, ...this.serverOnly(server) };
    const hasOwn = values['tls-client-cert-file'] !== '' && values['tls-client-key-file'] !== '';
    const client = hasOwn
      ? this.common(protocols, {
          certFile: values['tls-client-cert-file'],
          keyFile: values['tls-client-key-file'],
          passphrase: values['tls-client-key-file-pass'],
        })
      : null;
    return {
      server: createSecureContext(ofServer),
      client: client === null ? null : createSecureContext(client),
    };
  }

  // One setting after the other is tried, so that the one that is wrong can be named.
  private common(protocols: number, identity: Identity): SecureContextOptions {
    const { certFile, keyFile, passphrase } = identity;
    let options: SecureContextOptions = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.3',
      secureOptions: protocols,
      ciphers: OPENSSL_CIPHERS,
      // Without this Node trusts the authorities of the web.
      ca: [],
    };
    const cert = this.read(certFile, (reason) => `Failed to load certificate: ${certFile}: ${reason}`);
    options = tried({ ...options, cert }, (reason) => `Failed to load certificate: ${certFile}: ${reason}`);
    const key = this.read(keyFile, (reason) => `Failed to load private key: ${keyFile}: ${reason}`);
    const secret = passphrase === '' ? {} : { passphrase: Buffer.from(passphrase, 'latin1').toString() };
    options = tried(
      { ...options, key, ...secret },
      (reason) => `Failed to load private key: ${keyFile}: ${reason}`,
    );
    const authorities = (reason: string) => `Failed to configure CA certificate(s) file/directory: ${reason}`;
    options = tried({ ...options, ca: this.readAuthorities(authorities) }, authorities);
    return this.withCiphers(options);
  }

  private withCiphers(options: SecureContextOptions): SecureContextOptions {
    const { 'tls-ciphers': ciphers, 'tls-ciphersuites': suites } = this.config.values;
    // Node takes both in one list and tells them apart by their names; OpenSSL skips names that it does not know.
    const older = ciphers
      .split(/[:, ]/)
      .filter((name) => name !== '' && !name.startsWith(TLS13_PREFIX))
      .join(':');
    const noCiphers = () => `Failed to configure ciphers: ${ciphers}`;
    if (ciphers !== '' && older === '') throw new SettingError(noCiphers());
    const list = older === '' ? OPENSSL_CIPHERS : older;
    const checked = tried({ ...options, ciphers: list }, noCiphers);
    if (suites === '') return checked;
    const noSuites = () => `Failed to configure ciphersuites: ${suites}`;
    if (suites.split(':').some((name) => !name.startsWith(TLS13_PREFIX))) throw new SettingError(noSuites());
    return tried({ ...checked, ciphers: `${list}:${suites}` }, noSuites);
  }

  private serverOnly(options: SecureContextOptions): SecureContextOptions {
    const { values } = this.config;
    let secureOptions = options.secureOptions ?? 0;
    if (values['tls-prefer-server-ciphers']) secureOptions |= constants.SSL_OP_CIPHER_SERVER_PREFERENCE;
    if (!values['tls-session-caching']) secureOptions |= constants.SSL_OP_NO_TICKET;
    return {
      secureOptions,
      dhparam: this.readDhParams(options),
      sessionIdContext: SESSION_CONTEXT,
      sessionTimeout: values['tls-session-cache-timeout'],
    };
  }

  private readDhParams(options: SecureContextOptions): string | Buffer {
    const file = this.config.values['tls-dh-params-file'];
    if (file === '') return 'auto';
    const dhparam = this.readFile(file, (error) => `Failed to load ${file}: ${reasonOf(error)}`);
    if (!dhparam.includes('-----BEGIN')) throw new SettingError(`${file}: failed to read DH params.`);
    tried({ ...options, dhparam }, (reason) => `Failed to load DH params file: ${file}: ${reason}`);
    return dhparam;
  }

  // All that is trusted is read now: a file that is put into the folder later counts from the next change of a setting on.
  private readAuthorities(explain: (reason: string) => string): (string | Buffer)[] {
    const { 'tls-ca-cert-file': file, 'tls-ca-cert-dir': directory } = this.config.values;
    const found: (string | Buffer)[] = [];
    if (file !== '') {
      const text = this.read(file, explain).toString('latin1');
      const certificates = text.match(CERTIFICATE);
      // As OpenSSL says of a file without any.
      if (certificates === null)
        throw new SettingError(
          explain('error:05800088:x509 certificate routines::no certificate or crl found'),
        );
      found.push(...certificates);
    }
    if (directory !== '') {
      for (const name of this.namesIn(directory)) {
        const text = this.read(`${directory}/${name}`, explain).toString('latin1');
        found.push(...(text.match(CERTIFICATE) ?? []));
      }
    }
    return found;
  }

  // OpenSSL looks for files by the hash of a name when it needs them: a folder that cannot be read holds none.
  private namesIn(directory: string): string[] {
    try {
      const names = this.files.readdirSync(this.path(directory)) as string[];
      return names.filter((name) => HASHED_NAME.test(name)).sort();
    } catch {
      return [];
    }
  }

  private read(file: string, explain: (reason: string) => string): Buffer {
    return this.readFile(file, (error) => explain(systemErrorText(error)));
  }

  private readFile(file: string, explain: (error: unknown) => string): Buffer {
    try {
      return this.files.readFileSync(this.path(file)) as Buffer;
    } catch (error) {
      // The C library opens a folder, and finds nothing in it.
      if (errorCode(error) === 'EISDIR') return Buffer.alloc(0);
      throw new SettingError(explain(error));
    }
  }

  private path(file: string): string {
    return pathFromBytes(resolve(this.config.values.dir, file));
  }
}

function tried(options: SecureContextOptions, explain: (reason: string) => string): SecureContextOptions {
  try {
    createSecureContext(options);
    return options;
  } catch (error) {
    throw new SettingError(explain(opensslText(error as Error)));
  }
}

function excludedProtocols(text: string): number {
  const wanted = text === '' ? USUAL_PROTOCOLS : text.split(' ').map((name) => name.toLowerCase());
  if (wanted.some((name) => !EXCLUDED_PROTOCOL.has(name))) {
    throw new SettingError(
      "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.",
    );
  }
  let excluded = constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS;
  for (const [name, bit] of EXCLUDED_PROTOCOL) if (!wanted.includes(name)) excluded |= bit;
  return excluded;
}

/** A failed file call as OpenSSL prints it. */
function systemErrorText(error: unknown): string {
  const number = (system.errno as Readonly<Record<string, number>>)[errorCode(error)] ?? 0;
  const code = (SYSTEM_ERROR + number).toString(16).toUpperCase();
  return `error:${code}:system library::${reasonOf(error)}`;
}
