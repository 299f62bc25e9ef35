/** What any Node program pays at least: reads a list page by page and parses it. Usage: node paged-json-parse.ts URL */
const [, , url = ''] = process.argv;
let token = '';
let items = 0;
do {
  const answer = await fetch(`${url}?limit=500&continue=${encodeURIComponent(token)}`, {
    headers: { accept: 'application/json' },
  });
  const page: { items: unknown[]; metadata: { continue?: string } } = JSON.parse(await answer.text());
  items += page.items.length;
  token = page.metadata.continue ?? '';
} while (token !== '');
process.stdout.write(`${items}\n`);
