/** The thread that scans transcripts, one after the other, as search.ts hands them out. */
import { parentPort, workerData } from 'node:worker_threads';
import { maskSecrets } from './redact.ts';
import { type ScannedHit, scanTranscript } from './scan-transcript.ts';
import { createMatcher, type SearchQuery } from './search-query.ts';

export interface WorkerTask {
  query: SearchQuery;
  context: number;
  maxHits: number;
  raw: boolean;
  /** One Int32, counted up before and after each record that is looked at closely: a pattern that hangs in one shows. */
  progress: SharedArrayBuffer;
}

export interface WorkerFile {
  sessionId: string;
  path: string;
}

/** What became of one file. */
export interface WorkerReply {
  path: string;
  hits: ScannedHit[];
  error?: string;
}

const task = workerData as WorkerTask;
const matcher = createMatcher(task.query);
const progress = new Int32Array(task.progress);
const options = {
  context: task.context,
  maxHits: task.maxHits,
  mask: task.raw ? (text: string) => text : maskSecrets,
  onRecord: () => void Atomics.add(progress, 0, 1),
};

parentPort!.on('message', (file: WorkerFile) => {
  const reply: WorkerReply = { path: file.path, hits: [] };
  try {
    for (const hit of scanTranscript(file, matcher, options)) reply.hits.push(hit);
  } catch (error) {
    reply.error = String(error);
  }
  // where it failed in the middle of a record, it is in none now
  if (Atomics.load(progress, 0) % 2 === 1) options.onRecord();
  parentPort!.postMessage(reply);
});
