/** A list price. */
export interface Price {
  /** US dollars for one `unit`. */
  readonly dollars: number;
  readonly unit: string;
  /** The page of AWS that lists it. */
  readonly source: string;
}

/** The region and the date of the prices. A bill differs by region, free tier, volume and contract. */
export const pricesOf = { region: 'us-east-1', date: '2026-11-28' } as const;

const lambda = 'AWS Lambda pricing: Arm, first tier';
const s3 = 'Amazon S3 pricing: S3 Standard, first 50 TB';
const transfer = 'Amazon S3 pricing: data transfer, first 10 TB';
const cloudWatch = 'Amazon CloudWatch pricing: paid tier, first 10,000 metrics';

/** US list prices, each for one unit. AWS lists some by the thousand or the million. */
export const prices = {
  compute: { dollars: 0.0000133334, unit: 'GB-second', source: lambda },
  invocation: { dollars: 0.2 / 1e6, unit: 'invocation', source: lambda },
  tick: { dollars: 1 / 1e6, unit: 'tick', source: 'Amazon EventBridge pricing: Scheduler' },
  /** PUT, COPY, POST and LIST. */
  write: { dollars: 0.005 / 1000, unit: 'request', source: s3 },
  /** GET, HEAD and all others; DELETE is free. */
  read: { dollars: 0.0004 / 1000, unit: 'request', source: s3 },
  storage: { dollars: 0.023, unit: 'GB', source: s3 },
  /** To sidecars in the region of the bucket. */
  sameRegion: { dollars: 0, unit: 'GB', source: transfer },
  otherRegion: { dollars: 0.02, unit: 'GB', source: transfer },
  internet: { dollars: 0.09, unit: 'GB', source: transfer },
  key: { dollars: 1, unit: 'key', source: 'AWS Key Management Service pricing' },
  keyRequest: { dollars: 0.03 / 10_000, unit: 'request', source: 'AWS Key Management Service pricing' },
  logs: { dollars: 0.5, unit: 'GB', source: 'Amazon CloudWatch pricing: logs, Standard' },
  logStorage: { dollars: 0.03, unit: 'GB', source: 'Amazon CloudWatch pricing: logs, storage' },
  metric: { dollars: 0.3, unit: 'metric', source: cloudWatch },
  alarm: { dollars: 0.1, unit: 'alarm', source: 'Amazon CloudWatch pricing: alarms, standard resolution' },
  dashboard: { dollars: 3, unit: 'dashboard', source: 'Amazon CloudWatch pricing: dashboards' },
} as const satisfies Readonly<Record<string, Price>>;

/** Seconds of a month, as AWS counts it: 730 hours. */
export const secondsOfMonth = 730 * 3600;
