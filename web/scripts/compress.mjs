// Writes `.br` and `.gz` beside each built file, and holds the first load to its bound.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = 'dist';
const FIRST_PAGE = 'src/pages/overview/Overview.svelte';
const MAX_FIRST_LOAD_BYTES = 100 * 1024;

const sizes = new Map();
for (const name of readdirSync(DIST, { recursive: true })) {
  const path = join(DIST, name);
  if (!statSync(path).isFile() || /\.(br|gz)$/.test(name) || name.startsWith('.vite')) continue;
  const content = readFileSync(path);
  const br = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${path}.br`, br);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  sizes.set(name, br.length);
}

const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8'));
const files = new Set(['index.html', 'favicon.svg']);
const seen = new Set();
function take(key) {
  if (seen.has(key)) return;
  seen.add(key);
  const { file, css = [], assets = [], imports = [] } = manifest[key];
  [file, ...css, ...assets].forEach((name) => files.add(name));
  imports.forEach(take);
}
take('index.html');
take(FIRST_PAGE);

const bytes = [...files].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
console.log(
  `First load: ${(bytes / 1024).toFixed(1)} KB brotli in ${files.size} files, of ${MAX_FIRST_LOAD_BYTES / 1024} KB`,
);
if (bytes > MAX_FIRST_LOAD_BYTES) {
  for (const name of files) console.error(`${sizes.get(name)} ${name}`);
  process.exit(1);
}
