import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const memory = JSON.stringify(join(import.meta.dirname, '../lib/memory.ts'));

/** What a process of its own prints: the settings hold for the whole of it. */
async function run(script: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const source = `import * as memory from ${memory};\n${script}`;
  return await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source]);
}

test('V8 knows every setting: it would complain of others', async () => {
  const script =
    'for (const name of Object.keys(memory)) memory[name]();\nconsole.log(Object.keys(memory).join());';
  expect(await run(script)).toEqual({
    stdout: 'keepMemorySmall,keepMemorySmallOnceLarge,keepParserSmall,keepYoungSmall,openCollector\n',
    stderr: '',
  });
});

test('a young generation that is kept small does not grow with what is made', async () => {
  const make =
    "let kept = []; for (let i = 0; i < 3e6; i += 1) { kept.push({ i, text: 'x' + i }); if (kept.length > 20000) kept = []; }\n";
  const print =
    "import { getHeapSpaceStatistics } from 'node:v8';\n" +
    "console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);";
  const size = async (script: string) => Number((await run(script)).stdout);
  expect(await size(`memory.keepYoungSmall();\n${make}${print}`)).toBeLessThan(
    (await size(make + print)) / 2,
  );
});
