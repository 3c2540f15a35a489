import { describe, expect, it } from 'vitest';
import { firstWord } from '../../../../src/cli/text/where-is.ts';
import type { DaemonClient } from '../../../../src/daemon-client/client.ts';
import type { SendReply } from '../../../../src/protocol/wire.ts';

const reply: SendReply = {
  id: 'm123456789abcdef',
  target: { id: null, name: 'api', cwd: '', machine: 'beta', target: 'api' },
  state: 'queued',
  route: null,
  repeated: false,
  replyTo: null,
};

describe('the first word of a message that was just sent', () => {
  it('is not waited for where its machine is known to be away', async () => {
    const asked: string[] = [];
    const client = {
      events: async () => {
        asked.push('events');
        return { close: () => undefined, async *[Symbol.asyncIterator]() {} };
      },
      message: async () => ({ ...reply, state: 'arrived', recipient: { ...reply.target, cwd: '/srv/api' } }),
    } as unknown as DaemonClient;
    const isAway = (machine: string): boolean => machine === 'beta';
    expect(await firstWord(client, reply, { isJson: false, isAway })).toBe(reply);
    expect(asked).toEqual([]);
    expect(await firstWord(client, reply, { isJson: false, isAway: () => false })).toMatchObject({
      state: 'arrived',
      target: { cwd: '/srv/api' },
    });
    expect(asked).toEqual(['events']);
  });
});
