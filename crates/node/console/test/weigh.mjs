// Weighs the built console as it is sent, and fails where it is too heavy. `--hashes` lists what dist holds instead.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MAX_FIRST = 60 * 1024;
const MAX_ALL = 450 * 1024;
const dist = new URL('../dist/', import.meta.url);

const files = ['index.html', 'favicon.svg', ...readdirSync(new URL('assets/', dist)).map((name) => `assets/${name}`)].sort();
const bytes = new Map(files.map((file) => [file, readFileSync(new URL(file, dist))]));

if (process.argv.includes('--hashes')) {
  for (const [file, content] of bytes) console.log(createHash('sha256').update(content).digest('hex'), file);
  process.exit(0);
}

const gzip = new Map([...bytes].map(([file, content]) => [file, gzipSync(content, { level: 9 }).length]));
const page = bytes.get('index.html').toString();
const first = files.filter((file) => file === 'index.html' || page.includes(`/${file}`));
const sum = (names) => names.reduce((total, name) => total + gzip.get(name), 0);
const kib = (size) => `${(size / 1024).toFixed(1)} KiB`;

for (const file of files) console.log(`${kib(gzip.get(file)).padStart(10)}  ${file}${first.includes(file) ? '  (first paint)' : ''}`);
console.log(`first paint ${kib(sum(first))} of ${kib(MAX_FIRST)}, all ${kib(sum(files))} of ${kib(MAX_ALL)}, gzip`);
if (sum(first) > MAX_FIRST || sum(files) > MAX_ALL) {
  console.error('The console is too heavy.');
  process.exit(1);
}
