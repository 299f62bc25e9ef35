const invalidCharacter = /[^a-zA-Z0-9_]/gu;

/**
 * Makes any text usable as the tail of a label name: each character that a label name can't hold becomes `_`.
 * Two names can become one; the caller decides which wins. Source: prometheus/util/strutil, SanitizeLabelName.
 */
export function sanitizeLabelName(name: string): string {
  return name.replace(invalidCharacter, '_');
}

/** Whether the name is a label name in the sense of Prometheus 3: any well-formed text but the empty one. */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed();
}

/** The same in the sense of Prometheus 2, which `metric_name_validation_scheme: legacy` asks for. */
export function isLegacyLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

/**
 * `host:port` as Go's net.JoinHostPort writes it: a host with a colon or a per-cent sign gets brackets.
 */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(':') || host.includes('%') ? `[${host}]:${port}` : `${host}:${port}`;
}
