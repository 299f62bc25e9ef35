import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Modules that moto's CloudFormation imports and Debian does not have: two which check templates. Ours find nothing,
 * as the templates are checked elsewhere.
 */
const modules = {
  'openapi_spec_validator/__init__.py': 'def validate(*args, **options): pass\n',
  'openapi_spec_validator/validation/__init__.py': '',
  'openapi_spec_validator/validation/exceptions.py': 'class OpenAPIValidationError(Exception): pass\n',
  'cfnlint/__init__.py': '',
  'cfnlint/api.py': 'def lint(*args, **options): return []\n',
  'cfnlint/config.py': 'def configure_logging(*args, **options): pass\n',
  'cfnlint/core.py': 'def get_rules(*args, **options): return []\n',
};

/** Writes them into a folder of their own. */
export async function writeStandIns(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-modules-'));
  for (const [name, text] of Object.entries(modules)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
