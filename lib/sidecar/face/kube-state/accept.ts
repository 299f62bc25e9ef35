/** A text format in which metrics can be asked for. */
export interface ExpositionFormat {
  readonly contentType: string;
  readonly openMetrics: boolean;
}

/** What is understood in Accept; of what fits equally well the first. Source: Prometheus, "Content negotiation". */
const formats = [
  { type: 'text/plain', version: '0.0.4' },
  { type: 'application/openmetrics-text', version: '1.0.0' },
  { type: 'application/openmetrics-text', version: '0.0.1' },
].map(({ type, version }) => ({
  type,
  version,
  contentType: `${type}; version=${version}; charset=utf-8`,
  openMetrics: type === 'application/openmetrics-text',
}));

export const plainFormat: ExpositionFormat = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: false,
};

/**
 * The format that an Accept header likes best: the one of the highest weight, and of several of these the one that it
 * names most closely, or first. Text 0.0.4 where it likes none, which everybody reads. Source: RFC 9110, 12.5.1.
 */
export function chooseFormat(accept: string | null | undefined): ExpositionFormat {
  const ranges = (accept ?? '').split(',').map(readRange);
  const [best] = formats
    .flatMap((format) => {
      const fits = ranges.filter((range) => closeness(range, format) > 0);
      const closest = fits.sort((a, b) => closeness(b, format) - closeness(a, format))[0];
      return closest === undefined || closest.weight === 0
        ? []
        : [{ format, closest, close: closeness(closest, format) }];
    })
    .sort(
      (a, b) =>
        b.closest.weight - a.closest.weight || b.close - a.close || a.closest.position - b.closest.position,
    );
  return best?.format ?? plainFormat;
}

interface Range {
  readonly type: string;
  readonly version: string | undefined;
  readonly weight: number;
  readonly position: number;
}

function readRange(text: string, position: number): Range {
  const [type = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const valueFor = (name: string) =>
    parameters
      .find((parameter) => parameter.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replace(/^"(.*)"$/, '$1');
  const weight = Number(valueFor('q') ?? 1);
  return { type, version: valueFor('version'), weight: weight >= 0 && weight <= 1 ? weight : 0, position };
}

/** How closely a range names a format: not at all, as anything, its kind, its type, or its version. */
function closeness({ type, version }: Range, format: (typeof formats)[number]): number {
  if (type === '*/*') return 1;
  if (type === format.type.replace(/\/.*/, '/*')) return 2;
  if (type !== format.type) return 0;
  if (version === undefined) return 3;
  return version === format.version ? 4 : 0;
}
