/** A sample's value as kube-state-metrics writes it: Go's shortest form of format `g`. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && value > -1_000_000 && value < 1_000_000) return `${value}`;
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const scientific = value.toExponential();
  const split = scientific.indexOf('e');
  const exponent = Number(scientific.slice(split + 1));
  if (exponent >= -4 && exponent < 6) return `${value}`;
  const digits = `${Math.abs(exponent)}`.padStart(2, '0');
  return `${scientific.slice(0, split)}e${exponent < 0 ? '-' : '+'}${digits}`;
}
