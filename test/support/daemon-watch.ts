/** Waits for what the daemon knows, driven by its own event stream; a timeout prints the last it said. */
import { DaemonClient } from '../../src/daemon-client/client.ts';
import { claudexPaths } from '../../src/home/paths.ts';
import type { Message } from '../../src/protocol/message.ts';
import type { SessionRecord } from '../../src/protocol/session.ts';
import { runClaudex } from './claudex.ts';
import type { HermeticHome } from './hermetic-home.ts';

export function daemonClient(home: HermeticHome): DaemonClient {
  return new DaemonClient(claudexPaths(home.env()).socket);
}

async function waitFor<T>(
  home: HermeticHome,
  what: string,
  look: (client: DaemonClient) => Promise<{ found?: T; seen: unknown }>,
  timeoutMs: number,
): Promise<T> {
  await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.cwd });
  const client = daemonClient(home);
  const events = await client.events();
  let last: unknown;
  const timer = setTimeout(() => events.close(), timeoutMs);
  try {
    for await (const _event of events) {
      const { found, seen } = await look(client);
      if (found !== undefined) return found;
      last = seen;
    }
  } finally {
    clearTimeout(timer);
    events.close();
  }
  throw new Error(`not seen: ${what}; the daemon last said ${JSON.stringify(last, null, 2)}`);
}

/** The first session that fits. */
export function waitForSessionRecord(
  home: HermeticHome,
  fits: (session: SessionRecord) => boolean,
  timeoutMs = 60_000,
): Promise<SessionRecord> {
  return waitFor(
    home,
    `a session that fits ${fits}`,
    async (client) => {
      const sessions = await client.sessions();
      const found = sessions.find(fits);
      return { seen: sessions, ...(found && { found }) };
    },
    timeoutMs,
  );
}

/** The message once it is in one of those states. */
export function waitForMessage(
  home: HermeticHome,
  id: string,
  states: readonly Message['state'][],
  timeoutMs = 60_000,
): Promise<Message> {
  return waitFor(
    home,
    `message ${id} ${states.join(' or ')}`,
    async (client) => {
      const message = await client.message(id);
      return { seen: message, ...(states.includes(message.state) && { found: message }) };
    },
    timeoutMs,
  );
}

/** All messages, once they fit. */
export function waitForMessages(
  home: HermeticHome,
  fits: (messages: Message[]) => boolean,
  timeoutMs = 60_000,
): Promise<Message[]> {
  return waitFor(
    home,
    `messages that fit ${fits}`,
    async (client) => {
      const messages = await client.messages({ ended: 1000 });
      return { seen: messages, ...(fits(messages) && { found: messages }) };
    },
    timeoutMs,
  );
}

/** `claudex send`, checked; returns the message's id. */
export async function sendMessage(home: HermeticHome, args: readonly string[]): Promise<string> {
  const result = await runClaudex(['send', ...args], { env: home.env(), cwd: home.root });
  if (result.code !== 0) throw new Error(`claudex send ${args.join(' ')} failed: ${JSON.stringify(result)}`);
  return result.stdout.trim();
}
