/** The JSON in a text that may hold a secret, `undefined` for what is none: the parser's own error quotes the text. */
export function parseSecretJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
