import { openForReading } from '../store/database.ts';
import { cleaningQueries } from '../store/cleaning.ts';
import { findAll, type Findings } from './cleaning-findings.ts';
import type { FindingsAnswer, FindingsOrder } from './findings-messages.ts';

// A process of its own: comparing a hundred thousand pictures never stands in the studio's way.

const [databaseFile = ''] = process.argv.slice(2);
const most = Number.MAX_SAFE_INTEGER;

const send = (answer: FindingsAnswer) => process.send?.(answer);

async function find(id: string): Promise<Findings> {
  const database = openForReading(databaseFile);
  try {
    const cleaning = cleaningQueries(database);
    // All of it is from one moment.
    const evidence = database.transaction(() => ({
      pictures: cleaning.measured(id, -1, most),
      unreadable: cleaning.quarantined(id),
      remoteness: new Map(cleaning.remoteness(id).map((each) => [each.pictureId, each.remoteness])),
      labelReviews: new Map(cleaning.labelReviews(id).map((each) => [each.pictureId, each])),
      thresholds: cleaning.thresholds(id),
    }))();
    return await findAll(evidence, new AbortController().signal);
  } finally {
    database.close();
  }
}

let found: Findings = { findings: [], alike: [] };
let [findings, alike] = [0, 0];

process.on('message', (order: FindingsOrder) => {
  if ('next' in order) {
    const part = {
      findings: found.findings.slice(findings, findings + order.next),
      alike: findings < found.findings.length ? [] : found.alike.slice(alike, alike + order.next),
    };
    findings += part.findings.length;
    alike += part.alike.length;
    send(part);
    return;
  }
  find(order.find).then(
    (result) => {
      found = result;
      [findings, alike] = [0, 0];
      send({ found: true });
    },
    (thrown: unknown) => send({ failed: thrown instanceof Error ? (thrown.stack ?? '') : String(thrown) }),
  );
});
process.on('disconnect', () => process.exit());
