/** What a browser loads before the first terminal can be used, as it goes over the line. */
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { startWeb } from '../../support/web.ts';

describe(`the page ${verifies('web-page-works')}`, () => {
  const bed = useTestBed();

  it('is at most 350 kB compressed, with its terminal, and nothing of it comes from elsewhere', async () => {
    const web = await startWeb(bed.home());
    const wanted = ['/'];
    let bytes = 0;
    for (const path of wanted) {
      const { status, headers, text } = await web.send(path, { headers: { 'accept-encoding': 'gzip' } });
      expect([path, status, headers['content-encoding']]).toEqual([path, 200, 'gzip']);
      bytes += Number(headers['content-length']);
      const plain = await web.send(path);
      expect(text).not.toBe(plain.text);
      // what a file names of the page's own: elements of the index, imports of a script
      for (const [, name] of plain.text.matchAll(
        /(?:(?:src|href)=|from|import\(?)\s*["'](\.?\/[\w./-]+\.(?:js|css|svg|webmanifest))["']/g,
      )) {
        const file = name!.replace(/^\./, '');
        if (!wanted.includes(file)) wanted.push(file);
      }
      if (path === '/') expect(plain.text).not.toMatch(/(?:src|href)=["'](?:https?:)?\/\//);
    }
    expect(wanted).toEqual(expect.arrayContaining(['/page.js', '/page.css', '/terminal.js']));
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(350_000);
  });
});
