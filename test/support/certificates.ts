import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its private key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface CertificateOptions {
  /** Host names and IPv4 addresses that it is for. */
  readonly names: readonly string[];
  /** Days from now at which it begins and ends to be valid. Default: yesterday to a month ahead. */
  readonly days?: readonly [from: number, to: number];
  /** The common name. Default: the first name. */
  readonly subject?: string;
  /** Bits of an RSA key, in place of one on an elliptic curve. */
  readonly rsaBits?: number;
}

/** A certificate authority of a test's own. */
export interface Authority extends Certificate {
  issue(options: CertificateOptions): Certificate;
  /** An authority whose own certificate this one signs. */
  issueAuthority(name: string): Authority;
}

/** An authority that no one knows, made on the spot: elliptic-curve keys, so that a test does not wait for it. */
export function createAuthority(name = 'Muster test authority'): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate(
    { subject: name, issuer: name, authority: true, names: [], days: [-2, 60] },
    own.publicKey,
    own.privateKey,
  );
  return authorityOf(name, cert, own.privateKey);
}

function authorityOf(name: string, cert: string, ownKey: KeyObject): Authority {
  return {
    cert,
    key: pemOf(ownKey),
    issueAuthority(other) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const facts = { subject: other, issuer: name, authority: true, names: [], days: [-1, 30] } as const;
      return authorityOf(other, certificate(facts, pair.publicKey, ownKey), pair.privateKey);
    },
    issue({ names, days = [-1, 30], subject = names[0] ?? 'nobody', rsaBits }) {
      const pair =
        rsaBits === undefined
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('rsa', { modulusLength: rsaBits });
      return {
        cert: certificate({ subject, issuer: name, authority: false, names, days }, pair.publicKey, ownKey),
        key: pemOf(pair.privateKey),
      };
    },
  };
}

interface Facts {
  readonly subject: string;
  readonly issuer: string;
  readonly authority: boolean;
  readonly names: readonly string[];
  readonly days: readonly [number, number];
}

function certificate(facts: Facts, publicKey: KeyObject, signer: KeyObject): string {
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const extensions = [
    // basicConstraints, critical
    sequence(
      oid('551d13'),
      der(0x01, [0xff]),
      der(0x04, sequence(...(facts.authority ? [der(0x01, [0xff])] : []))),
    ),
    ...(facts.names.length === 0
      ? []
      : [sequence(oid('551d11'), der(0x04, sequence(...facts.names.map(altName))))]),
  ];
  const body = sequence(
    der(0xa0, der(0x02, [2])), // version 3
    der(0x02, [1, ...randomBytes(8)]), // serial number
    algorithm,
    commonName(facts.issuer),
    sequence(...facts.days.map(utcTime)),
    commonName(facts.subject),
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, createPrivateKey(pemOf(signer)));
  const whole = sequence(body, algorithm, der(0x03, [0, ...signature]));
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** Tag, length and content of one ASN.1 value in DER (X.690). */
function der(tag: number, content: Uint8Array | readonly number[]): Buffer {
  const bytes = Buffer.from(content);
  const { length } = bytes;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function commonName(text: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));
}

function altName(name: string): Buffer {
  return isIP(name) === 4 ? der(0x87, name.split('.').map(Number)) : der(0x82, Buffer.from(name));
}

function utcTime(days: number): Buffer {
  const text = new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(text.slice(2)));
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
