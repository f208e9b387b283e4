// The bundle of the page. Run by build.rs (`npm run build`), and by hand while working on it (`npm run dev`).
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Keeps every asset compressed only: the program stays small, and the box never compresses while somebody waits. */
function packed(): Plugin {
  const walk = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  return {
    name: 'packed',
    apply: 'build',
    writeBundle({ dir = 'dist' }) {
      for (const path of walk(join(dir, 'assets'))) {
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        rmSync(path);
      }
    },
  };
}

export default defineConfig({
  plugins: [packed()],
  resolve: { alias: { '~': fileURLToPath(new URL('src', import.meta.url)), '@papers': fileURLToPath(new URL('..', import.meta.url)) } },
  // src/server/spa.rs puts the nonce of each answer here.
  html: { cspNonce: '{{nonce}}' },
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    // What a first load weighs is measured compressed, by ui/tests.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      // Libraries change more seldom than pages: one file of them stays in the browser.
      output: { codeSplitting: { groups: [{ name: 'libraries', test: /node_modules/ }] } },
      // "use client" is for servers that render.
      onLog: (level, log, tell) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') tell(level, log);
      },
    },
  },
  server: { proxy: { '/api': { target: process.env.PHONEBOX_URL ?? 'https://localhost:8443', secure: false } } },
});
