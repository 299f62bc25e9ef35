import manifest from '../package.json' with { type: 'json' };

/** Version of Muster, as in package.json. */
export const version: string = manifest.version;

/** How Muster names itself to the servers that it asks. */
export const userAgent = `muster/${version}`;
