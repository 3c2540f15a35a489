/** Everything of a supervisor that has to do with the daemon; loaded after claude has been started. */
import { startingPermissionMode } from '../claude/command-line/permission-mode.ts';
import type { DaemonClient } from '../daemon-client/client.ts';
import { toClaudexError } from '../errors/claudex-error.ts';
import { claudeConfigDir } from '../home/paths.ts';
import { steadyNow } from '../process/clock.ts';
import { processStartTime } from '../process/identity.ts';
import type { StartQuestion } from '../protocol/session.ts';
import type { SupervisorCommand, SupervisorRequest } from '../protocol/wire.ts';
import type { OutputRing } from '../terminal/output-ring.ts';
import { DaemonLink } from './daemon-link.ts';
import type { InputLane } from './input-lane.ts';
import { MessageTypist } from './message-typist.ts';
import type { PersonKeys } from './person-keys.ts';
import { PromptGate } from './prompt-gate.ts';

export interface DaemonConnectionOptions {
  env: NodeJS.ProcessEnv;
  claudePid: number;
  claudeArgs: readonly string[];
  keys: PersonKeys;
  ring: OutputRing;
  lane: InputLane;
  nextOutput: (timeoutMs: number) => Promise<void>;
  /** How many bytes have been typed that claude has not read yet. */
  unread: () => number;
  onAsked?: (what: SupervisorRequest, sessionId: string, socketPath: string) => Promise<void>;
}

/** Does something for the daemon. Whatever becomes of it, the session runs on: an error that nobody takes would end it. */
function guard(act: () => unknown): void {
  void (async () => act())().catch(() => undefined);
}

/** A supervisor's side of the daemon. */
export interface DaemonConnection {
  close: () => void;
  keyPressed: () => void;
  /** What claude asks at its start; null when it asks nothing. */
  asks: (question: StartQuestion | null) => void;
  /** How many look at it, its own terminal not among them. */
  viewedBy: (count: number) => void;
  /** Ours, once a daemon has told it. */
  sessionId: () => string | undefined;
}

export function connectToDaemon(options: DaemonConnectionOptions): DaemonConnection {
  const { keys, ring, unread } = options;
  const configDir = claudeConfigDir(options.env);
  const startTime = processStartTime(options.claudePid);
  if (startTime === undefined)
    return {
      close: () => undefined,
      keyPressed: () => undefined,
      asks: () => undefined,
      viewedBy: () => undefined,
      sessionId: () => undefined,
    };
  const permissionMode = startingPermissionMode(options.claudeArgs, configDir);
  let session: { id: string; client: DaemonClient } | undefined;
  let sessionId: string | undefined;
  let question: StartQuestion | null = null;
  let viewers = 0;
  /** The daemon may be away when we report; it finds out by itself then (lease deadline, transcript). */
  const tell = (report: (client: DaemonClient, id: string) => Promise<unknown>): void => {
    if (session) report(session.client, session.id).catch(() => undefined);
  };
  const tellViewers = (): void => tell((client, id) => client.reportViewers(id, viewers));
  const tellQuestion = (): void => tell((client, id) => client.reportQuestion(id, question));
  const typist = new MessageTypist({
    gate: new PromptGate({ configDir, pid: options.claudePid, keys, ring, unread, now: steadyNow }),
    lane: options.lane,
    size: () => ring.size,
    nextOutput: options.nextOutput,
    reportLease: (report) => tell((client, id) => client.reportLease(id, report)),
    reportGateOpen: () => tell((client, id) => client.reportGate(id, true)),
    now: steadyNow,
  });
  const asked = async ({ request, what, socket }: Extract<SupervisorCommand, { type: 'asked' }>): Promise<void> => {
    if (!session || !options.onAsked) return;
    try {
      await options.onAsked(what, session.id, socket);
      tell((client, id) => client.answerDaemon(id, { request }));
    } catch (error) {
      const { code, facts } = toClaudexError(error);
      tell((client, id) => client.answerDaemon(id, { request, failure: { code, facts } }));
    }
  };
  const link = new DaemonLink(
    options.env,
    {
      pid: options.claudePid,
      startTime,
      supervisorPid: process.pid,
      // the physical folder, as claude itself names it
      cwd: process.cwd(),
      configDir,
      ...(permissionMode !== undefined && { permissionMode }),
    },
    (command: SupervisorCommand, client) =>
      guard(() => {
        switch (command.type) {
          case 'welcome':
            sessionId = command.id;
            session = { id: command.id, client };
            // a daemon that has come back knows nothing of it
            if (question !== null) tellQuestion();
            if (viewers > 0) tellViewers();
            return typist.reconnected();
          case 'paste':
            return typist.take(command);
          case 'look-at-gate':
            return typist.lookAtGate();
          case 'prompt-submitted':
            return typist.promptSubmitted(command.mark);
          case 'asked':
            return asked(command);
          case 'bye':
            session = undefined;
            return;
        }
      }),
  );
  guard(() => link.run());
  return {
    close: () => {
      typist.close();
      link.close();
    },
    keyPressed: () => guard(() => typist.keyPressed()),
    sessionId: () => sessionId,
    viewedBy: (count) => {
      if (count === viewers) return;
      viewers = count;
      tellViewers();
    },
    asks: (asked) => {
      question = asked;
      tellQuestion();
    },
  };
}
