import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import * as z from 'zod';

/** A package with a part in a bundle. */
export interface BundledPackage {
  /** Its folder, from the root of the project: also its key in package-lock.json. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  /** Its licence and notices, as it ships them; where it ships none, the licence's own text. */
  readonly text: string;
}

const root = join(import.meta.dirname, '..');

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
});

/** The packages that the bundles hold, each version once, in the order of their names. Throws for one without a licence. */
export async function bundledPackages(metafiles: readonly Metafile[]): Promise<readonly BundledPackage[]> {
  const folders = new Set(metafiles.flatMap(packageFolders));
  const all = await Promise.all([...folders].map(readPackage));
  const byVersion = new Map(all.map((one) => [`${one.name}@${one.version}`, one]));
  return [...byVersion].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** Folders of the packages with a byte in an output: what was read and left out does not count. */
function packageFolders({ outputs }: Metafile): readonly string[] {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  // From the first one on, since a build may run in another folder; to the last, since a package may bring another.
  return files.flatMap(
    (file) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
  );
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const place = join(root, folder);
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(place, 'package.json'), 'utf8')));
  const names = (await readdir(place)).filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name)).sort();
  const shipped = await Promise.all(names.map((name) => readFile(join(place, name), 'utf8')));
  const texts = names.some((name) => !/^notice/i.test(name))
    ? shipped
    : [await ownText(manifest), ...shipped];
  const { name, version, license } = manifest;
  return { folder, name, version, license, text: texts.map((text) => text.trim()).join('\n\n') };
}

/** What a licence says where the package names it and does not ship it. */
async function ownText({ name, license, author }: z.infer<typeof manifestSchema>): Promise<string> {
  if (license === 'Apache-2.0') return readFile(join(root, 'LICENSE'), 'utf8');
  if (license === 'MIT-0') return `MIT No Attribution\n\n${permission}.\n\n${disclaimer}`;
  if (license === 'MIT' && author !== undefined)
    return `MIT License\n\nCopyright (c) ${author}\n\n${permission}, ${notice}\n\n${disclaimer}`;
  throw new Error(
    `${name} ships no licence, and the text of ${license} is not known here: add it to infra/licenses.ts`,
  );
}

/** The parts of the licences MIT and MIT-0. Source: SPDX's list of licences. */
const permission = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so`;
const notice = `subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.`;
const disclaimer = `THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Name of the file that travels with every bundle. */
export const licensesFile = 'THIRD-PARTY-LICENSES';

/** The text of that file. Packages with the same licence, letter for letter, share it. */
export function licensesText(packages: readonly BundledPackage[]): string {
  const rule = '-'.repeat(80);
  const sections = [...Map.groupBy(packages, ({ text }) => text)].map(([text, those]) => {
    const names = those.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${rule}\n${names.join('\n')}\n${rule}\n\n${text}\n`;
  });
  return `Muster is licensed under Apache-2.0. Its bundles hold parts of these packages:\n\n${sections.join('\n')}`;
}
