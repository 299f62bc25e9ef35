import { createHash } from 'node:crypto';
import * as z from 'zod';
import manifest from '../package.json' with { type: 'json' };
import type { BundledPackage } from './licenses.ts';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/**
 * The bill of materials of the bundles: a CycloneDX 1.6 document, as JSON. Its components are the packages that the
 * bundles hold, with the digests of package-lock.json. `revision` is Muster's version and commit. Throws for a package
 * that the lock file does not have. Equal inputs give equal bytes: it names no time.
 */
export function billOfMaterials(
  packages: readonly BundledPackage[],
  { lock, revision }: { readonly lock: unknown; readonly revision: string },
): string {
  const { packages: locked } = lockSchema.parse(lock);
  const byFolder = new Map(packages.map((one) => [one.folder, one]));
  const own = {
    'bom-ref': purlOf(manifest.name, manifest.version),
    purl: purlOf(manifest.name, manifest.version),
  };
  const components = packages.map(({ folder, name, version, license }) => {
    const integrity = locked[folder]?.integrity;
    if (integrity === undefined)
      throw new Error(`package-lock.json has no digest of ${folder}: run npm install`);
    return {
      type: 'library',
      'bom-ref': purlOf(name, version),
      name,
      version,
      scope: 'required',
      hashes: [hashOf(integrity)],
      licenses: [/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license }],
      purl: purlOf(name, version),
    };
  });
  const dependencies = packages.map(({ folder, name, version }) => ({
    ref: purlOf(name, version),
    dependsOn: Object.keys(locked[folder]?.dependencies ?? {})
      .flatMap((wanted) => resolved(byFolder, folder, wanted) ?? [])
      .map((one) => purlOf(one.name, one.version))
      .sort(),
  }));
  const direct = Object.keys(manifest.devDependencies).flatMap(
    (name) => byFolder.get(`node_modules/${name}`) ?? [],
  );
  const body = {
    version: 1,
    metadata: {
      component: {
        type: 'application',
        ...own,
        name: manifest.name,
        version: revision,
        licenses: [{ license: { id: manifest.license } }],
      },
    },
    components,
    dependencies: [
      { ref: own['bom-ref'], dependsOn: direct.map(({ name, version }) => purlOf(name, version)).sort() },
      ...dependencies,
    ],
  };
  const head = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}`,
  };
  return `${JSON.stringify({ ...head, ...body }, undefined, 2)}\n`;
}

/** Source: the package URL specification, type npm. */
function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`;
}

/** A digest as npm has it, `sha512-<base64>`, as CycloneDX has it. */
function hashOf(integrity: string) {
  const [, bits = '', base64 = ''] = /^sha(\d+)-(\S+)/.exec(integrity) ?? [];
  return { alg: `SHA-${bits}`, content: Buffer.from(base64, 'base64').toString('hex') };
}

/** The package that a name leads to from the folder of another, as Node finds it. */
function resolved(
  byFolder: ReadonlyMap<string, BundledPackage>,
  folder: string,
  name: string,
): BundledPackage | undefined {
  for (let place = folder; ; place = place.replace(/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
    const found = byFolder.get(`${place === '' ? '' : `${place}/`}node_modules/${name}`);
    if (found !== undefined || place === '') return found;
  }
}

/** A UUID of version 8, which is what its maker makes it of: here of the document. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
