/** Screens of the real claude at its start (120 and 60 columns, loopback API), captured by hand; e2e holds them live. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readStartQuestion } from '../../../../src/claude/session/start-question.ts';
import type { StartQuestion } from '../../../../src/protocol/session.ts';
import { verifies } from '../../../requirements.ts';

const rows = (lines: readonly string[]) => lines.map((text) => ({ text, brightText: text }));

describe.each(['2.1.197', '2.1.332'])(
  `questions at the start of claude %s ${verifies('start-question')}`,
  (version) => {
    const screens: Record<string, string[]> = JSON.parse(
      readFileSync(new URL(`../../../fixtures/screens/start-${version}.json`, import.meta.url), 'utf8'),
    );

    it.each<[string, StartQuestion | null]>([
      ['trust', 'trust'],
      ['trust-60', 'trust'],
      ['mcp', 'mcp servers'],
      ['mcp-60', 'mcp servers'],
      ['mcp2', 'mcp servers'],
      ['onboarding', 'onboarding'],
      ['security', 'onboarding'],
      ['login-menu', 'log-in'],
      ['key', 'api key'],
      ['bypass', 'bypass consent'],
      ['imports', 'external imports'],
      ['settings', 'settings error'],
      ['login', version === '2.1.197' ? 'log-in' : null],
      ['ok', null],
    ])('%s', (name, question) => {
      expect(readStartQuestion(rows(screens[name]!))).toBe(question);
    });

    it('is not taken in by a conversation that quotes one above the prompt box', () => {
      expect(readStartQuestion(rows([...screens.trust!, ...screens.ok!]))).toBeNull();
    });

    it('knows a dialog that it does not know for a question', () => {
      const strange = screens.trust!.map((line) => line.replace('Accessing workspace:', 'Something new:'));
      expect(readStartQuestion(rows(strange))).toBe('question');
    });
  },
);
