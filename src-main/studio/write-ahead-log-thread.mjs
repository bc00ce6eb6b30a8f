import SQLite from 'better-sqlite3';
import { parentPort, workerData } from 'node:worker_threads';

// Plain JavaScript, as Electron's own Node need not know how to read types.

const database = new SQLite(workerData.file, { fileMustExist: true, timeout: 5000 });
database.pragma('wal_autocheckpoint = 0');

parentPort?.on('message', (message) => {
  if (message === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  // It waits for nobody and has nobody wait: what is being written meanwhile is for the next time.
  database.pragma('wal_checkpoint(PASSIVE)');
  parentPort?.postMessage('done');
});
