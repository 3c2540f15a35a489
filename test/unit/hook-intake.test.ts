import { describe, expect, it } from 'vitest';
import type { HookPayload } from '../../src/claude/hook-payload.ts';
import type { DeliveryDesk } from '../../src/daemon/delivery-desk.ts';
import { HookIntake } from '../../src/daemon/hook-intake.ts';
import type { SessionRegistry } from '../../src/daemon/session-registry.ts';

describe('the session of a waiting hook', () => {
  const payload = { sessionId: 's' } as HookPayload;
  const caller = { parentPid: process.pid, claudePid: null, configDir: '/c', peersOff: false };

  function intake(knownAfter: number) {
    let asked = 0;
    const session = { id: 'aaaa2222' };
    const registry = {
      findByAncestry: () => (++asked > knownAfter ? session : undefined),
      table: { byClaudeSessionId: () => undefined },
    };
    const hooks = new HookIntake(registry as unknown as SessionRegistry, {} as DeliveryDesk);
    return { hooks, session, asked: () => asked };
  }

  it('may be known a moment later: claude has started the hook before its session file could be read', async () => {
    const { hooks, session } = intake(3);
    expect(hooks.findSession(payload, caller)).toBeUndefined();
    expect(await hooks.findSessionSoon(payload, caller)).toBe(session);
  });

  it('is not waited for when claude has gone', async () => {
    const { hooks, asked } = intake(3);
    // larger than any process id there can be
    expect(await hooks.findSessionSoon(payload, { ...caller, parentPid: 2 ** 30 })).toBeUndefined();
    expect(asked()).toBe(1);
  });
});
