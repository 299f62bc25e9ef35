import { maxInt64 } from '../backends/kubernetes/wire/reader.ts';

/**
 * Returns a quantity in thousandths, rounded up: the value of CPU and of resources with an unknown unit. 0 if it is not
 * a quantity. Source: kube-state-metrics, which uses MilliValue of k8s.io/apimachinery.
 */
export function quantityValue(source: string): number {
  return valuesOf(source).exact;
}

/** Returns a quantity as a whole number, rounded up: the value of bytes and counts. 0 if it is not a quantity. */
export function wholeQuantity(source: string): number {
  return valuesOf(source).whole;
}

/**
 * Returns a quantity as a number in its base unit (cores, bytes), rounded like AsApproximateFloat64 of
 * k8s.io/apimachinery. Undefined if it is not a quantity.
 */
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

/** Quantities repeat from container to container. The size is bounded. */
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

/** Above this value Go drops the thousandths. */
const maxMilliValue = maxInt64 / 1000n;

/**
 * `unscaled` times ten to the power of `exponent`. Go stores it in 64 bits or as a big number (`long`), and the two
 * overflow differently.
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

/** Whether Go stores the digits in 64 bits. */
function isShort(digits: string, fraction: string, shift: number, exponent: number): boolean {
  const length = Math.max(1, digits.replace(/^0+/, '').length);
  if (shift > 0) return fraction === '' && 14 - length - Math.trunc((shift * 3) / 10) >= 0;
  return length + fraction.length <= 18 && exponent - fraction.length >= -9;
}

/** Rounded up to billionths; with a binary suffix at most 64 bits. */
function longAmount(magnitude: bigint, exponent: number, binary: boolean): Amount {
  const power = exponent + 9;
  const unscaled = power >= 0 ? magnitude * 10n ** BigInt(power) : roundUp(magnitude, 10n ** BigInt(-power));
  if (binary && unscaled > maxInt64 * 10n ** 9n) return { unscaled: maxInt64, exponent: 0, long: true };
  return { unscaled, exponent: -9, long: true };
}

/** The amount in units of ten to the power of `scale`, as Go's ScaledValue returns it, including its overflow. */
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
