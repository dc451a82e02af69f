// Writes openapi.json from a running server, and the types of the API from that.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const server = process.env.MILLRACE_URL ?? 'http://127.0.0.1:8080';
const answer = await fetch(`${server}/openapi.json`);
if (!answer.ok) throw new Error(`${server}/openapi.json answered ${answer.status}`);
writeFileSync('openapi.json', `${JSON.stringify(await answer.json(), null, 1)}\n`);
execFileSync('npx', ['openapi-typescript', 'openapi.json', '-o', 'src/lib/api-types.ts'], { stdio: 'inherit' });
