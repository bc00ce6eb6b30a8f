import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { delimiter, dirname } from 'node:path';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';
import { installFailed } from './tensorflow-failure.ts';

/**
 * Runs the package's install script as npm would run it, which brings node-gyp with it. The script fetches the
 * library itself, so it gets the archive that is already here from a server on the loopback.
 */
export async function buildAddon(packageName: string, archive: string, signal: AbortSignal): Promise<void> {
  const server = await serveFile(archive);
  try {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const local = `http://127.0.0.1:${port}/`;
    const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy, ...environment } = process.env;
    const proxy = HTTPS_PROXY ?? https_proxy ?? HTTP_PROXY ?? http_proxy;
    const arguments_ = ['rebuild', packageName, '--ignore-scripts=false', '--foreground-scripts'];
    const child = spawn('npm', arguments_, {
      cwd: projectFolder,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      env: {
        ...environment,
        // The script's own client would ask the proxy for the loopback too; npm's reads this instead.
        ...(proxy === undefined ? {} : { npm_config_proxy: proxy, npm_config_https_proxy: proxy }),
        PATH: `${dirname(findNodeRuntime())}${delimiter}${process.env['PATH'] ?? ''}`,
        TFJS_NODE_CDN_STORAGE: local,
        TFJS_NODE_BASE_URI: `${local}libtensorflow-`,
      },
    });
    let output = '';
    const keep = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === 0) return;
    const lines = output.split('\n').map((line) => line.trim());
    const message =
      lines.find((line) => /error|not found/i.test(line) && !/^(gyp|node-pre-gyp|npm) /.test(line)) ??
      lines.findLast((line) => line !== '') ??
      '';
    throw installFailed(
      'build-failed',
      `The package's install script failed: ${message}. It needs either its prebuilt addon from the network, or Python, make and a C++ compiler.`,
      { message },
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Answers every path with one file. */
async function serveFile(file: string): Promise<Server> {
  const { size } = await stat(file);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}
