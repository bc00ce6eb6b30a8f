import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EngineOrder } from '../../src-main/contract/engine-messages.ts';
import type { EngineReport } from '../../src-main/contract/engine-reports.ts';
import { engineReportSchema } from '../../src-main/contract/engine-reports.ts';

const entry = fileURLToPath(new URL('../../src-main/engine/main.ts', import.meta.url));

/** A real engine process with a job, and everything it reports. */
export function startEngine(job: unknown, heard: (report: EngineReport) => void = () => undefined) {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const reports: EngineReport[] = [];
  let standardError = '';
  child.stderr!.on('data', (text) => (standardError += text));
  child.on('message', (message) => {
    const report = engineReportSchema.parse(message);
    reports.push(report);
    heard(report);
  });
  // Not `close`: it never comes once the channel was disconnected from this side.
  const ended = Promise.all([once(child, 'exit'), once(child.stderr!, 'close')]).then(([[code, signal]]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    standardError,
  }));
  child.send(job as object);
  return {
    child,
    reports,
    ended,
    order: (order: EngineOrder['order']) => child.send({ order }),
    of: <Kind extends EngineReport['report']>(kind: Kind) =>
      reports.filter((report): report is Extract<EngineReport, { report: Kind }> => report.report === kind),
  };
}
