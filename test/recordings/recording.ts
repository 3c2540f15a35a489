/** What a program has written to a terminal of one size, with marks where something of note was on the screen. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fixture } from '../support/claudex-bin.ts';

export interface Recording {
  cols: number;
  rows: number;
  output: Buffer;
  /** How many bytes had been written when that was on the screen. */
  marks: Array<{ at: number; name: string }>;
}

const folder = fixture('recordings');

/** Every recording in test/fixtures/recordings, by name. */
export function readRecordings(): Array<[name: string, recording: Recording]> {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json.gz'))
    .sort()
    .map((name) => {
      const { output, ...rest } = JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString()) as Omit<
        Recording,
        'output'
      > & { output: string };
      return [name.replace('.json.gz', ''), { ...rest, output: Buffer.from(output, 'latin1') }];
    });
}

export function writeRecording(name: string, { output, ...rest }: Recording): void {
  const text = JSON.stringify({ ...rest, output: output.toString('latin1') });
  writeFileSync(join(folder, `${name}.json.gz`), gzipSync(text, { level: 9 }));
}
