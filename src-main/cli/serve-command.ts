import type { Command } from 'commander';
import { runBrowserHost } from '../serve/browser-host.ts';
import { buildIfStale } from './build.ts';
import { printResult, say, wholeNumber, withCommonOptions, type CommonOptions } from './session.ts';

interface ServeOptions extends CommonOptions {
  port?: number;
  host: string;
  /** Commander's negated option: false after `--no-open`. */
  open: boolean;
}

export function addServeCommand(program: Command, version: string): void {
  withCommonOptions(
    program
      .command('serve')
      .description('Serve the studio to a browser on this machine')
      .option('--port <p>', 'the port (a free one)', wholeNumber(0, 65_535))
      .option('--host <address>', 'a loopback address', '127.0.0.1')
      .option('--no-open', 'do not open a browser'),
  ).action(async (options: ServeOptions) => {
    await buildIfStale(['kernels', 'renderer']);
    await runBrowserHost({
      workspace: options.workspace,
      version,
      port: options.port,
      host: options.host,
      open: options.open,
      say,
    });
    printResult(options, { served: true }, 'Closed.');
  });
}
