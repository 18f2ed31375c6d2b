// Certificates for tests, made on the spot: an authority and whom it vouches for, as PEM. X.509 in DER is a few nested
// lists, so no program and no package is needed for it.

import {
  createDiffieHellmanGroup,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';

const TAG = {
  INTEGER: 2,
  BITS: 3,
  OCTETS: 4,
  OID: 6,
  UTF8: 12,
  SEQUENCE: 0x30,
  SET: 0x31,
  UTC_TIME: 0x17,
} as const;
const BOOLEAN_TRUE = Buffer.from([1, 1, 0xff]);
// 1.2.840.10045.4.3.2, 2.5.4.3, 2.5.29.19
const ECDSA_WITH_SHA256 = Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
const COMMON_NAME = Buffer.from([0x55, 4, 3]);
const BASIC_CONSTRAINTS = Buffer.from([0x55, 0x1d, 0x13]);

export interface Identity {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export class CertificateAuthority {
  readonly cert: string;
  private readonly name: Buffer;
  private readonly keys = newKeys();

  constructor(name: string) {
    this.name = distinguishedName(name);
    this.cert = this.certificate(this.name, this.keys.publicKey, true);
  }

  /** A key and the certificate for it. */
  issue(name: string): Identity {
    const { privateKey, publicKey } = newKeys();
    return {
      cert: this.certificate(distinguishedName(name), publicKey, false),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  private certificate(subject: Buffer, publicKey: KeyObject, isAuthority: boolean): string {
    const algorithm = der(TAG.SEQUENCE, der(TAG.OID, ECDSA_WITH_SHA256));
    const constraints = der(TAG.SEQUENCE, ...(isAuthority ? [BOOLEAN_TRUE] : []));
    const extension = der(
      TAG.SEQUENCE,
      der(TAG.OID, BASIC_CONSTRAINTS),
      BOOLEAN_TRUE,
      der(TAG.OCTETS, constraints),
    );
    const body = der(
      TAG.SEQUENCE,
      der(0xa0, integer(Buffer.from([2]))),
      integer(randomBytes(8)),
      algorithm,
      this.name,
      der(TAG.SEQUENCE, time('200101000000Z'), time('491231235959Z')),
      subject,
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, der(TAG.SEQUENCE, extension)),
    );
    const signature = sign('sha256', body, this.keys.privateKey);
    return pem('CERTIFICATE', der(TAG.SEQUENCE, body, algorithm, der(TAG.BITS, Buffer.from([0]), signature)));
  }
}

/** The same key (PEM), to be opened with a passphrase. */
export function lockedKey(key: string, passphrase: string): string {
  return createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
}

/** Diffie-Hellman parameters of a well-known group, as `openssl dhparam` writes them. */
export function dhParams(group = 'modp14'): string {
  const named = createDiffieHellmanGroup(group);
  return pem('DH PARAMETERS', der(TAG.SEQUENCE, integer(named.getPrime()), integer(named.getGenerator())));
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function distinguishedName(name: string): Buffer {
  const attribute = der(TAG.SEQUENCE, der(TAG.OID, COMMON_NAME), der(TAG.UTF8, Buffer.from(name)));
  return der(TAG.SEQUENCE, der(TAG.SET, attribute));
}

function time(text: string): Buffer {
  return der(TAG.UTC_TIME, Buffer.from(text));
}

// Unsigned: a byte of zero keeps the first bit from being a sign.
function integer(bytes: Buffer): Buffer {
  return der(TAG.INTEGER, ...((bytes[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : []), bytes);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
