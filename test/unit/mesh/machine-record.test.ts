import { describe, expect, it } from 'vitest';
import { defaultMachineName, isMachineName } from '../../../src/mesh/machine-name.ts';
import { readKey, readRecord, recordText } from '../../../src/mesh/machine-record.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';
import { aSession } from '../../support/a-session.ts';

const session = (id: string, more: Partial<SessionRecord> = {}): SessionRecord => aSession({ id, ...more });

describe(`what machines tell of themselves ${verifies('mesh-hostile')}`, () => {
  it('tells what the list shows, and neither pid nor transcript', () => {
    const text = recordText('m1', '0.1.0', [session('aaaaaaaa')]);
    expect(text).not.toMatch(/4711|secret-session|jsonl/);
    expect(readRecord(text)).toMatchObject({
      id: 'm1',
      version: '0.1.0',
      moreSessions: 0,
      sessions: [{ id: 'aaaaaaaa', name: 'api', cwd: '/work/api', state: 'idle' }],
    });
  });

  it('stays within its bounds: the sessions active last, and how many there are beside them', () => {
    const many = Array.from({ length: 250 }, (_, index) =>
      session(`s${index}`, {
        cwd: `/${'x'.repeat(900)}`,
        lastActiveAt: new Date(1_700_000_000_000 + index).toISOString(),
      }),
    );
    const text = recordText('m1', '0.1.0', many);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(120_000);
    const record = readRecord(text)!;
    expect(record.sessions[0]!.id).toBe('s249');
    expect(record.sessions.length + record.moreSessions).toBe(250);
    expect(record.sessions.length).toBeGreaterThan(50);
  });

  it('takes nothing that is no record, and makes every text one harmless line', () => {
    for (const text of ['', 'null', '[]', '{"id":1,"sessions":[]}', '{"id":"x","sessions":{}}', '{'])
      expect(readRecord(text)).toBeUndefined();
    const evil = JSON.stringify({
      id: 'x',
      version: '\u001b]0;t\u0007v',
      moreSessions: -3,
      sessions: [
        null,
        { id: '../x', state: 'idle' },
        { id: 'ok', state: 'root' },
        {
          id: 'good',
          state: 'idle',
          name: 'a\n\u001b[2Jb',
          cwd: 7,
          pending: 1e99,
          startedAt: 'never',
          supervised: 'yes',
        },
      ],
    });
    expect(readRecord(evil)).toEqual({
      id: 'x',
      version: 'v',
      key: '',
      isSealing: false,
      moreSessions: 0,
      sessions: [
        {
          id: 'good',
          name: 'a b',
          alias: null,
          claudeName: null,
          cwd: '',
          state: 'idle',
          waitingFor: null,
          kind: 'interactive',
          supervised: false,
          pending: 0,
          stuck: 0,
          version: null,
          startedAt: '1970-01-01T00:00:00.000Z',
          lastActiveAt: '1970-01-01T00:00:00.000Z',
        },
      ],
    });
    expect(readRecord(`{"id":"${'x'.repeat(300_000)}"}`)).toBeUndefined();
  });

  it('knows whose key it is', () => {
    expect(readKey('devbox')).toEqual({ name: 'devbox', isBeat: false });
    expect(readKey('devbox.beat')).toEqual({ name: 'devbox', isBeat: true });
    for (const key of ['', 'Dev', 'a b', 'devbox.other', 'devbox.beat.x', '.beat', '*', 'a>'])
      expect(readKey(key)).toBeUndefined();
  });

  it('makes a name of what a host is called', () => {
    expect(defaultMachineName('DevBox-3.example.com')).toBe('devbox-3');
    expect(defaultMachineName('--')).toBe('machine');
    expect(isMachineName(defaultMachineName('Änne’s Mac.local'))).toBe(true);
    expect(isMachineName('a'.repeat(41))).toBe(false);
  });
});
