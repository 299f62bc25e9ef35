import { maxInt64 } from '../backends/kubernetes/wire/reader.ts';

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

/** A quantity as Go's AsApproximateFloat64 gives it, with its rounding; undefined for what is no quantity. */
export function approximateQuantity(source: string): number | undefined {
  const amount = parseQuantity(source);
  if (amount === undefined) return undefined;
  const { unscaled, exponent } = amount;
  return exponent === 0 ? Number(unscaled) : Number(unscaled) * Number(`1e${exponent}`);
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
  const amount = parseQuantity(source) ?? { unscaled: 0n, exponent: 0, long: false };
  const whole = atScale(amount, 0);
  const exact = whole > maxMilliValue ? Number(whole) : Number(atScale(amount, -3)) / 1000;
  const values = { exact, whole: Number(whole) };
  if (known.size >= maxKnown) known.clear();
  known.set(source, values);
  return values;
}

/** Above this a quantity has no thousandths in Go. */
const maxMilliValue = maxInt64 / 1000n;

/**
 * The number `unscaled` times ten to the power of `exponent`. Go holds it in one of two ways, which differ in what they
 * do where 64 bits are too few.
 */
interface Amount {
  readonly unscaled: bigint;
  readonly exponent: number;
  readonly long: boolean;
}

/** Source: k8s.io/apimachinery, pkg/api/resource, the grammar of Quantity. */
function parseQuantity(source: string): Amount | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/.exec(source);
  if (match === null) return undefined;
  const [, sign, digits = '', fraction = '', binary, decimal, power] = match;
  if (digits === '' && fraction === '') return undefined;
  const shift = binary === undefined ? 0 : 10 * ('KMGTPE'.indexOf(binary.charAt(0)) + 1);
  const exponent = power === undefined ? (powers[decimal ?? ''] ?? 0) : Number(power);
  const magnitude = BigInt(`${digits}${fraction}`) << BigInt(shift);
  const amount = isShort(digits, fraction, shift, exponent)
    ? { unscaled: magnitude, exponent: exponent - fraction.length, long: false }
    : longAmount(magnitude, exponent - fraction.length, shift > 0);
  return sign === '-' ? { ...amount, unscaled: -amount.unscaled } : amount;
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

/** Whether Go keeps the digits as one number of 64 bits. */
function isShort(digits: string, fraction: string, shift: number, exponent: number): boolean {
  const length = Math.max(1, digits.replace(/^0+/, '').length);
  if (shift > 0) return fraction === '' && 14 - length - Math.trunc((shift * 3) / 10) >= 0;
  return length + fraction.length <= 18 && exponent - fraction.length >= -9;
}

/** Billionths, rounded up; with a binary suffix 64 bits at most. */
function longAmount(magnitude: bigint, exponent: number, binary: boolean): Amount {
  const power = exponent + 9;
  const unscaled = power >= 0 ? magnitude * 10n ** BigInt(power) : roundUp(magnitude, 10n ** BigInt(-power));
  if (binary && unscaled > maxInt64 * 10n ** 9n) return { unscaled: maxInt64, exponent: 0, long: true };
  return { unscaled, exponent: -9, long: true };
}

/** How many tens to the power of `scale` there are, as Go's ScaledValue counts them, overflow and all. */
function atScale({ unscaled, exponent, long }: Amount, scale: number): bigint {
  const power = exponent - scale;
  const factor = 10n ** BigInt(Math.abs(power));
  if (!long) {
    if (power < 0) return roundUp(unscaled, factor);
    const value = unscaled * factor;
    return value > maxInt64 || value < -maxInt64 ? 0n : value;
  }
  if (power >= 0) return BigInt.asIntN(64, BigInt.asIntN(64, unscaled) * factor);
  const held = unscaled < maxInt64 ? BigInt.asIntN(64, unscaled) : unscaled;
  const quotient = held / factor;
  return BigInt.asIntN(64, quotient * factor === held ? quotient : quotient + 1n);
}

/** Away from zero. */
function roundUp(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  if (quotient * denominator === numerator) return quotient;
  return numerator > 0n ? quotient + 1n : quotient - 1n;
}
