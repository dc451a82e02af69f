import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const server = process.env['MILLRACE_URL'] ?? 'http://127.0.0.1:8080';
const folder = (name: string) => fileURLToPath(new URL(`./src/${name}`, import.meta.url));

export default defineConfig({
  base: '/ui/',
  plugins: [svelte()],
  resolve: { alias: { $lib: folder('lib'), $ui: folder('ui'), $pages: folder('pages') } },
  build: {
    target: 'es2023',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['index.html', 'docs.html'] },
    // Swagger UI is one file, and loaded by /docs alone.
    chunkSizeWarningLimit: 2000,
  },
  // All but the page's own paths are the API's; the session of a sign-in is the API's too.
  server: { proxy: { '^/(?!ui/)': server, '^/ui/session$': server } },
  test: { include: ['src/**/*.test.ts'] },
});
