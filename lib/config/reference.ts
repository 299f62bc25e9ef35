/** A reference to a credential kept elsewhere, taken apart. */
export interface Reference {
  /** Who keeps it: `env`, `ssm` or `secretsmanager`. */
  readonly scheme: string;
  /** The rest: a variable, a parameter, a secret, an ARN. */
  readonly name: string;
  /** Key within a secret that holds JSON, after `#`. */
  readonly field?: string;
}

/** How references look, for messages. */
export const referenceForms = 'env:NAME, ssm:/path or secretsmanager:name#field';

/** Source of the alphabets: AWS Systems Manager and Secrets Manager API references; ARNs need the colons. */
const forms: Readonly<Record<string, RegExp>> = {
  env: /^(?<name>[A-Za-z_][A-Za-z0-9_]*)$/,
  ssm: /^(?<name>[A-Za-z0-9_./:-]+)$/,
  secretsmanager: /^(?<name>[A-Za-z0-9/_+=.@!:-]+)(?:#(?<field>.+))?$/u,
};

/** The reference's parts; `undefined` when the text is none. */
export function parseReference(text: string): Reference | undefined {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0));
  const form = Object.hasOwn(forms, scheme) ? forms[scheme] : undefined;
  const parts = form?.exec(text.slice(colon + 1))?.groups;
  if (parts?.name === undefined) return undefined;
  return { scheme, name: parts.name, ...(parts.field !== undefined && { field: parts.field }) };
}
