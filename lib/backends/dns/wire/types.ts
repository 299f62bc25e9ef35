/** Types of record that can be asked for. */
export const queryTypes = ['A', 'AAAA', 'MX', 'NS', 'SRV'] as const;

export type QueryType = (typeof queryTypes)[number];

/** Their numbers. Source: RFC 1035, 2782, 3596. */
export const typeNumbers: Readonly<Record<QueryType, number>> = { A: 1, AAAA: 28, MX: 15, NS: 2, SRV: 33 };

/** Other types that matter here. Source: RFC 1035, 6891. */
export const cnameType = 5;
export const optType = 41;

/** Response codes. Source: IANA, DNS RCODEs. */
export const noError = 0;
export const formatError = 1;
export const nameError = 3;
export const notImplemented = 4;

/** The code as DNS people write it. */
export function showResponseCode(code: number): string {
  return codeNames.get(code) ?? `response code ${code}`;
}

const codeNames = new Map([
  [noError, 'NOERROR'],
  [formatError, 'FORMERR'],
  [2, 'SERVFAIL'],
  [nameError, 'NXDOMAIN'],
  [notImplemented, 'NOTIMP'],
  [5, 'REFUSED'],
  [9, 'NOTAUTH'],
  [16, 'BADVERS'],
]);
