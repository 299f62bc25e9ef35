import { codeOf, type ErrorKind, MusterError, oneLine } from '../base/errors.ts';

/**
 * An error of Node, OpenSSL or undici as a MusterError (kind `unreachable`, `tls`, `timeout`, `malformed` or
 * `internal`). Its message does not name the request yet. Only errors of the operating system and of TLS stay as the
 * cause, because a parser's error quotes what it read.
 */
export function toFailure(error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  const code = codeOf(error);
  if (nameOf(error) === 'HTTPParserError') return new MusterError('malformed', 'the answer is not HTTP');
  if (code === undefined) return new MusterError('internal', `the request failed (${nameOf(error)})`);
  const known = isHangUp(code, error) ? hangUp : knownCodes[code];
  if (known !== undefined) return new MusterError(known[0], `${known[1]} (${code})`, { cause: error });
  if (code.startsWith('HPE_')) return new MusterError('malformed', 'the answer is not HTTP');
  if (refusedCertificate.test(code))
    return new MusterError(
      'tls',
      `the server refused the client certificate: check tls_config.cert and what the server trusts (${code})`,
      { cause: error },
    );
  if (certificateCode.test(code))
    return new MusterError('tls', `${tlsText(error)} (${code})`, { cause: error });
  return new MusterError('unreachable', `the connection failed (${code})`);
}

/**
 * The same for an error of a TLS connection: an error that does not come from the network is of kind `tls`, and no
 * retry helps. Node calls some results of OpenSSL `UNSPECIFIED`; their text is OpenSSL's own and says more.
 */
export function toTlsFailure(error: unknown): MusterError {
  const code = codeOf(error);
  const failure = toFailure(error);
  if (failure.kind !== 'unreachable' || (code !== undefined && code in knownCodes)) return failure;
  if (code === undefined || /^E[A-Z]+$/.test(code)) return failure;
  const reason = oneLine(messageOf(error)).slice(0, 100);
  const advice = /key too weak|too small/i.test(reason)
    ? ': issue a new one, RSA with 2,048 bits or more'
    : '';
  return new MusterError('tls', `the server's certificate is refused (${reason})${advice}`, { cause: error });
}

/** Whether the peer closed the connection without an answer, which may be its way to refuse a certificate. */
export function isClosedEarly({ kind, cause }: MusterError): boolean {
  return kind === 'unreachable' && ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(cause) ?? '');
}

/** Whether the peer closed the connection: Node gives that the code of a reset, which only a system call can report. */
function isHangUp(code: string, error: unknown): boolean {
  return code === 'ECONNRESET' && !(typeof error === 'object' && error !== null && 'syscall' in error);
}

type Known = readonly [ErrorKind, string];

const hangUp: Known = ['unreachable', 'the connection was closed before an answer came'];
const longHeaders: Known = ['too-large', "the answer's headers are over the limit"];
const unwritable: Known = ['internal', 'the request cannot be written'];

const knownCodes: Readonly<Record<string, Known>> = {
  ENOTFOUND: ['unreachable', 'the host name has no address: check its spelling and the DNS'],
  EAI_AGAIN: ['unreachable', 'the DNS did not answer'],
  ECONNREFUSED: ['unreachable', 'the connection was refused: nothing listens there'],
  ECONNRESET: ['unreachable', 'the connection was reset before an answer came'],
  EPIPE: hangUp,
  ETIMEDOUT: ['unreachable', 'no connection came about in time'],
  EHOSTUNREACH: ['unreachable', 'there is no route to the host'],
  ENETUNREACH: ['unreachable', 'there is no route to the network'],
  ENOENT: ['unreachable', 'there is no such socket'],
  EACCES: ['denied', 'the socket may not be opened: check its permissions'],
  UND_ERR_SOCKET: hangUp,
  HPE_HEADER_OVERFLOW: longHeaders,
  UND_ERR_HEADERS_OVERFLOW: longHeaders,
  UND_ERR_DESTROYED: ['internal', 'the client was closed before an answer came'],
  UND_ERR_CLOSED: ['internal', 'the client is closed'],
  UND_ERR_INVALID_ARG: unwritable,
  ERR_INVALID_CHAR: unwritable,
  ERR_INVALID_HTTP_TOKEN: unwritable,
  ERR_UNESCAPED_CHARACTERS: unwritable,
  CERT_HAS_EXPIRED: ['tls', "the server's certificate has expired"],
  CERT_NOT_YET_VALID: ['tls', "the server's certificate is not valid yet: check the clock"],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'tls',
    "the server's certificate is signed by itself: name it in tls_config.ca",
  ],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls', "the server's authority is not known: name it in tls_config.ca"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls', "the server's authority is not known: name it in tls_config.ca"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls', "the server's authority is not known: name it in tls_config.ca"],
  ERR_SSL_WRONG_VERSION_NUMBER: ['tls', 'the server does not speak TLS: is it http instead of https?'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['tls', 'the server does not speak TLS: is it http instead of https?'],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['tls', 'no TLS version is common to both sides'],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['tls', 'no TLS version is common to both sides'],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: [
    'tls',
    'the server wants a client certificate: set tls_config.cert and key',
  ],
};

/** Alerts of a server about the client's certificate. Their names vary with OpenSSL's version. */
const refusedCertificate =
  /ALERT_(UNKNOWN_CA|(BAD|UNSUPPORTED|UNKNOWN)_CERTIFICATE|CERTIFICATE_(UNKNOWN|EXPIRED|REVOKED)|ACCESS_DENIED)$/;

/** Codes of OpenSSL's verification and of Node's TLS, apart from those that have a text of their own. */
const certificateCode =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|EPROTO$)/;

function tlsText(error: unknown): string {
  if (codeOf(error) !== 'ERR_TLS_CERT_ALTNAME_INVALID') return 'the TLS connection failed';
  const names =
    typeof error === 'object' && error !== null && 'reason' in error ? String(error.reason) : 'another name';
  return `the server's certificate is for another host: ${names.slice(0, 200)}; set tls_config.server_name if that is meant`;
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}

function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : typeof error;
}
