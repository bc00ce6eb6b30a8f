import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

export interface PostgresqlServer {
  /** For a user who may do everything, with the password `secret word`. */
  connection: string;
  close(): Promise<void>;
}

/** Where Debian keeps its newest PostgreSQL server; null with a notice where there is none. */
function serverPrograms(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => join(root, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
  if (!found)
    console.warn('Skipped: no PostgreSQL server is installed (Debian: apt-get install postgresql).');
  return found ?? null;
}

/** The server refuses to run for root, so that it then runs for the user that Debian made for it. */
function serverUser(): { uid: number; gid: number } | null | 'none' {
  if (process.getuid?.() !== 0) return null;
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    console.warn('Skipped: PostgreSQL does not run for root, and there is no user “postgres”.');
    return 'none';
  }
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

/** A PostgreSQL server of its own in a temporary folder, on loopback; null where none can run, said aloud. */
export async function startPostgresql(): Promise<PostgresqlServer | null> {
  const programs = serverPrograms();
  const user = programs && serverUser();
  if (!programs || user === 'none') return null;
  const folder = mkdtempSync(join(tmpdir(), 'imago-postgresql-'));
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'secret word\n');
  if (user) for (const path of [folder, data, passwordFile]) chownSync(path, user.uid, user.gid);
  const as = { ...(user ?? {}), cwd: folder };
  await run(
    join(programs, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'keeper',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-N',
      '-E',
      'UTF8',
      '--locale=C',
    ],
    as,
  );
  const port = await freePort();
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'],
    { ...as, stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const connection = `postgresql://keeper:secret%20word@127.0.0.1:${port}/postgres`;
  const close = async () => {
    // “Immediate shutdown”: connections that tests left open do not hold it up.
    server.kill('SIGQUIT');
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await untilItAnswers(connection, () => server.exitCode !== null);
    return { connection, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilItAnswers(connection: string, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: connection });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (hasEnded()) throw new Error('PostgreSQL ended before it answered.', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Runs statements as the user who may do everything. */
export async function onServer(
  connection: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: connection });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
