/** `claudex history --follow`: prints a conversation as it goes on. */
import type { TextShape } from '../../claude/transcript/fold-turns.ts';
import type { Turn } from '../../claude/transcript/turn.ts';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { nextDaemon } from '../../daemon-client/ensure-daemon.ts';
import type { Conversation } from '../../history/find-conversation.ts';
import { type FollowListener, followSession } from '../../history/follow-session.ts';
import { colours } from '../text/render.ts';
import { stepText, type TurnStyle, toolLine, turnEnding, turnHeading } from '../text/render-turn.ts';

export interface FollowConversationOptions {
  last: number;
  shape: TextShape;
  tools?: boolean;
  json?: boolean;
}

/** Until Ctrl-C, or until the session is gone. A conversation that has ended is watched too: it may be resumed. */
export async function followConversation(
  client: DaemonClient,
  conversation: Conversation,
  options: FollowConversationOptions,
): Promise<void> {
  process.once('SIGINT', () => process.exit(0));
  const listener = options.json ? jsonListener() : textListener(options);
  // asked for before the first look: what happens in between is in the stream
  let events = await client.events();
  const followed = followSession(conversation, listener, options);
  for (;;) {
    for await (const event of events) {
      if (!followed.onEvent(event)) {
        events.close();
        return followed.close();
      }
    }
    events = await (await nextDaemon(process.env)).events();
  }
}

/** A turn a line, when claude comes to rest; again if it went on after that. */
function jsonListener(): FollowListener {
  let printed = '';
  const print = (turn: Turn): void => {
    const line = JSON.stringify(turn);
    if (line !== printed) process.stdout.write(`${line}\n`);
    printed = line;
  };
  return { onRest: print, onEnd: print };
}

function textListener(options: FollowConversationOptions): FollowListener {
  const style: TurnStyle = { chalk: colours(process.stdout), wholeTools: options.tools === true };
  const print = (text: string): void => {
    if (text !== '') process.stdout.write(`${text}\n`);
  };
  let endingOf: Turn | undefined;
  const end = (turn: Turn): void => {
    if (endingOf !== turn && turn.outcome !== 'open') print(turnEnding(turn, style));
    endingOf = turn;
  };
  return {
    onStart: (turn) => print(turnHeading(turn, style)),
    onStep: (_turn, step) => {
      if (step.kind !== 'tool') print(stepText(step, style));
    },
    // a tool is told with what came of it
    onResult: (_turn, tool) => print(style.wholeTools ? stepText(tool, style) : toolLine(tool, style)),
    onRest: end,
    onEnd: end,
    onConversation: (sessionId) => print(style.chalk.dim(`(conversation ${sessionId})\n`)),
  };
}
