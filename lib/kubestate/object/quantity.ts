/**
 * A quantity as a number, to the thousandth, rounded up: what kube-state-metrics writes of CPU and where a unit is not
 * known. 0 for what is no quantity.
 */
export function quantityValue(source: string): number {
  return valuesOf(source).exact;
}

/** A quantity as a whole number, rounded up: what kube-state-metrics writes of bytes and counts. */
export function wholeQuantity(source: string): number {
  return valuesOf(source).whole;
}

/** A quantity as the nearest number; undefined for what is no quantity. */
export function approximateQuantity(source: string): number | undefined {
  const parsed = parseQuantity(source);
  return parsed === undefined ? undefined : Number(parsed.numerator) / Number(parsed.denominator);
}

interface QuantityValues {
  readonly exact: number;
  readonly whole: number;
}

/** Quantities repeat from container to container. The bound keeps odd clusters from filling memory. */
const known = new Map<string, QuantityValues>();
const maxKnown = 20_000;

function valuesOf(source: string): QuantityValues {
  const found = known.get(source);
  if (found !== undefined) return found;
  const parsed = parseQuantity(source) ?? { numerator: 0n, denominator: 1n };
  const whole = capped(roundUp(parsed.numerator, parsed.denominator));
  const exact =
    whole > maxMilliValue
      ? Number(whole)
      : Number(capped(roundUp(parsed.numerator * 1000n, parsed.denominator))) / 1000;
  const values = { exact, whole: Number(whole) };
  if (known.size >= maxKnown) known.clear();
  known.set(source, values);
  return values;
}

const maxInt64 = 2n ** 63n - 1n;
/** Above this a quantity has no thousandths in Go. */
const maxMilliValue = maxInt64 / 1000n;

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Source: k8s.io/apimachinery, pkg/api/resource, the grammar of Quantity. */
function parseQuantity(source: string): Fraction | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/.exec(source);
  if (match === null) return undefined;
  const [, sign, digits = '', fraction = '', binary, decimal, exponent] = match;
  if (digits === '' && fraction === '') return undefined;
  const mantissa = BigInt(`${digits}${fraction}`) * (sign === '-' ? -1n : 1n);
  if (binary !== undefined) {
    const power = 10n * BigInt('KMGTPE'.indexOf(binary.charAt(0)) + 1);
    return { numerator: mantissa << power, denominator: 10n ** BigInt(fraction.length) };
  }
  const power = (exponent === undefined ? (powers[decimal ?? ''] ?? 0) : Number(exponent)) - fraction.length;
  return power >= 0
    ? { numerator: mantissa * 10n ** BigInt(power), denominator: 1n }
    : { numerator: mantissa, denominator: 10n ** BigInt(-power) };
}

const powers: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** Away from zero, as Go does it. */
function roundUp(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  if (quotient * denominator === numerator) return quotient;
  return numerator > 0n ? quotient + 1n : quotient - 1n;
}

function capped(value: bigint): bigint {
  if (value > maxInt64) return maxInt64;
  return value < -maxInt64 ? -maxInt64 : value;
}
