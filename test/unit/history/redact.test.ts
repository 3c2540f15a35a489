import { describe, expect, it } from 'vitest';
import { cutMiddle, maskSecrets, redacted } from '../../../src/history/redact.ts';
import { verifies } from '../../requirements.ts';

// put together here, so that no scanner takes this file for a leak
const long = 'aB3'.repeat(12);

describe(`secrets ${verifies('history-redacted')}`, () => {
  it.each([
    `sk-ant-api03-${long}`,
    `sk-${long}`,
    `ghp_${long}`,
    `github_pat_${long}`,
    `glpat-${long}`,
    `npm_${long}`,
    `xoxb-${long}`,
    `sk_live_${long}`,
    `AKIA${'A1'.repeat(8)}`,
    `AIza${'a'.repeat(35)}`,
    `eyJ${long}.${long}.${long}`,
    `-----BEGIN RSA PRIVATE KEY-----\n${long}\n${long}\n-----END RSA PRIVATE KEY-----`,
    `-----BEGIN PRIVATE KEY-----\n${long}`,
  ])('%s', (secret) => {
    const masked = maskSecrets(`before ${secret}\nafter`);
    expect(masked).not.toContain(secret.slice(12, 30));
    expect(masked).toContain('before [secret, ');
  });

  it.each([
    [`Authorization: Bearer ${long}`, 'Authorization: Bearer [secret, 36 characters]'],
    ['postgres://ada:hunter2xyz@db/x', 'postgres://ada:[secret, 10 characters]@db/x'],
    ['DB_PASSWORD=correct-horse next', 'DB_PASSWORD=[secret, 13 characters] next'],
    ['"api_key": "0123456789abcdef",', '"api_key": "[secret, 16 characters]",'],
    ['{\\"client_secret\\":\\"0123456789\\"}', '{\\"client_secret\\":\\"[secret, 10 characters]\\"}'],
    [
      `token=${'t'.repeat(20)} access_token: ${'u'.repeat(20)}`,
      `token=${'t'.repeat(20)} access_token: [secret, 20 characters]`,
    ],
  ])('%s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
    expect(maskSecrets(masked)).toBe(masked);
  });

  it.each([
    'a task-force of sk-ills',
    'https://example.com:8080/path@2x.png',
    'max_tokens: 4096, password: ask me',
    '0b9d9f9e-5f0e-4a39-8a4e-3b1f1f2d7c55',
    'Bearer of news',
    'commit 4f1c0e9d3b7a8c6e5d2f1a0b9c8d7e6f5a4b3c2d',
  ])('%s is none', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  it('takes no longer for text made to be slow', () => {
    const started = process.cpuUsage();
    for (const piece of ['password', 'eyJaaaaaaaa.', '-eyJ', 'a://b:', '-----BEGIN ', 'secret_', 'Bearer ', 'sk-']) {
      maskSecrets(piece.repeat(200_000 / piece.length));
    }
    // a quadratic pattern takes minutes for these
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  });
});

describe(`long results ${verifies('history-redacted')}`, () => {
  it('short ones stay', () => {
    for (const text of ['', 'one line', 'a\nb\n', Array.from({ length: 40 }, () => 'line').join('\n')]) {
      expect(cutMiddle(text)).toBe(text);
    }
  });

  it('of many lines the first and the last stay, and the gap says what went', () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index}`);
    const cut = cutMiddle(lines.join('\n')).split('\n');
    expect(cut.slice(0, 30)).toEqual(lines.slice(0, 30));
    expect(cut.slice(-10)).toEqual(lines.slice(-10));
    expect(cut[30]).toBe(`… 2960 lines, ${lines.slice(30, -10).join('\n').length} bytes left out …`);
    expect(cut).toHaveLength(41);
  });

  it('of a long line the beginning stays, whole characters only', () => {
    expect(cutMiddle(`${'x'.repeat(499)}👍${'é'.repeat(10)}`)).toBe(`${'x'.repeat(499)}… (24 bytes left out)`);
  });

  it('whatever it is, it becomes a few thousand characters, and no secret is cut in half to get through', () => {
    const key = `sk-ant-${long}`;
    for (const text of [
      'x'.repeat(1e6),
      'ab\n'.repeat(1e5),
      `${'y'.repeat(2980)}${key}\n`.repeat(50),
      '\n'.repeat(1e5),
    ]) {
      const shown = redacted.tool(text);
      expect(shown.length).toBeLessThan(6000);
      expect(shown).not.toContain('sk-ant-');
      expect(shown).toMatch(/bytes left out/);
    }
    expect(redacted.words('x'.repeat(1e5))).toHaveLength(1e5);
  });
});
