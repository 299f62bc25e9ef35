/**
 * A number, or a percentage of the replicas, rounded. Undefined where there is neither, or nothing to take it of.
 * Source: k8s.io/apimachinery, pkg/util/intstr.
 */
export function scaledValue(
  value: number | string | undefined,
  replicas: number | undefined,
  round: (value: number) => number,
): number | undefined {
  if (value === undefined || replicas === undefined) return undefined;
  if (typeof value === 'number') return value;
  const percent = /^([+-]?\d{1,18})%$/.exec(value)?.[1];
  return percent === undefined ? undefined : round((Number(percent) * replicas) / 100);
}
