import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The store that `npm run dev` asks.
const store = process.env.DOLMEN_URL ?? 'http://127.0.0.1:8888';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: Object.fromEntries(['/druid', '/dolmen', '/status', '/metrics'].map((path) => [path, store])),
  },
});
