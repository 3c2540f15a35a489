import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { StaticFile } from '../../../src/web/static-files.ts';

describe('a file of the page', () => {
  const file = new StaticFile(Buffer.from('const one = 1;'), 'text/javascript');

  it('goes compressed to whoever can read that', () => {
    const { status, body, headers } = file.answer({ 'accept-encoding': 'br, gzip' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'text/javascript', etag: file.tag });
    expect(gunzipSync(body!).toString()).toBe('const one = 1;');
  });

  it('goes as it is to others', () => {
    const { body, headers } = file.answer({});
    expect(headers['content-encoding']).toBeUndefined();
    expect(body).toBe(file.body);
  });

  it('does not go to whoever has it', () => {
    expect(file.answer({ 'if-none-match': file.tag })).toMatchObject({ status: 304, body: null });
    expect(file.answer({ 'if-none-match': new StaticFile(Buffer.from('x'), 'text/plain').tag })).toMatchObject({
      status: 200,
    });
  });
});
