// The real program on ports of its own, its command line, and phones that ask it.
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = process.env.PHONEBOX_BIN ?? new URL('../../target/debug/phonebox', import.meta.url).pathname;
const PATIENCE = 45_000;

export async function until(what, is) {
  const ends = Date.now() + PATIENCE;
  for (;;) {
    const found = await is();
    if (found) return found;
    if (Date.now() > ends) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** `more`: flags besides. */
export async function startBox(...more) {
  const dir = mkdtempSync(join(tmpdir(), 'phonebox-page-'));
  const ports = ['admin', 'http', 'https', 'tftp'].flatMap((name) => [`--${name}`, '127.0.0.1:0']);
  const child = spawn(PROGRAM, ['serve', '--data', dir, ...ports, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (said += text));
  const run = await until('run.json', () => {
    if (child.exitCode !== null) throw new Error(`the box ended: ${said}`);
    try {
      return JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8'));
    } catch {
      return undefined;
    }
  });
  const code = await until('the setup code', () => said.match(/Setup code +(\S+)/)?.[1]);
  const env = { ...process.env, PHONEBOX_DATA: dir };
  const told = (input, words) => execFileSync(PROGRAM, words, { env, input, encoding: 'utf8' });
  return {
    url: `https://${run.admin}`,
    code,
    said: () => said,
    /** `phonebox WORDS…` on this box. */
    cli: (...words) => told('', words),
    /** The same with something to read. */
    cliWith: (input, ...words) => told(input, words),
    /** A phone's request; `path` as it asks for it. */
    ask: (path, agent) => fetch(`http://${run.http}/${path}`, { headers: { 'User-Agent': agent } }),
    port: run.http.split(':').pop(),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const agent = (mac) => `Yealink SIP-T54W 96.86.0.100 ${mac}`;

/** A phone that has its configuration and proves itself with the token in it. */
export async function boot(box, mac) {
  const text = await (await box.ask(`${mac}.cfg`, agent(mac))).text();
  const own = text.match(/\/(p\/[^/\s]+\/)/)?.[1];
  if (!own) throw new Error(`no token in:\n${text}`);
  await (await box.ask(`${own}${mac}.cfg`, agent(mac))).text();
}

/** What an authenticator app shows now for a secret in base 32 (RFC 6238). */
export function totp(secret) {
  const bits = [...secret.replace(/[^A-Z2-7]/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
