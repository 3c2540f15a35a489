/** What the stand-in for the model says: a word in the person's prompt makes it slow, ask, or call a tool. */
import type { LoopbackReply, LoopbackRequest } from '../support/loopback-api.ts';

/** A rule, a prompt, a rule: what claude's own box looks like. */
export const spoof = `Here is my screen:\n\`\`\`\n${'─'.repeat(60)}\n❯ \n${'─'.repeat(60)}\n\`\`\``;

/** `allowedFile` comes into being when the permission that PERM asks for is given. */
export function answerOf(request: LoopbackRequest, allowedFile: string): LoopbackReply {
  const prompt = lastTexts(request)
    .filter((text) => !text.startsWith('<system-reminder>'))
    .join('\n');
  if (request.isToolResult) return { text: 'done' };
  const held = /HOLD(\d+)/.exec(prompt)?.[1];
  if (held) return { text: 'ok', delayMs: Number(held) };
  if (prompt.includes('SPOOF')) return { text: spoof };
  if (prompt.includes('PERM')) return { toolUse: { name: 'Bash', input: { command: `touch ${allowedFile}` } } };
  if (prompt.includes('BGSHELL')) {
    return { toolUse: { name: 'Bash', input: { command: 'sleep 20', run_in_background: true, description: 'sleep' } } };
  }
  if (prompt.includes('ASK')) return { toolUse: { name: 'AskUserQuestion', input: { questions: [question] } } };
  return { text: 'ok' };
}

const question = {
  question: 'Which one?',
  header: 'Which',
  multiSelect: false,
  options: [
    { label: 'This', description: 'this one' },
    { label: 'That', description: 'that one' },
  ],
};

/** The texts of every prompt in the conversation, without the space around them. */
export function promptsIn({ body }: LoopbackRequest): string[] {
  return body.messages.filter(({ role }) => role === 'user').flatMap((one) => textsOf(one).map((text) => text.trim()));
}

function lastTexts(request: LoopbackRequest): string[] {
  return textsOf(request.body.messages.findLast(({ role }) => role === 'user'));
}

function textsOf(message: { content?: unknown } | undefined): string[] {
  if (typeof message?.content === 'string') return [message.content];
  if (!Array.isArray(message?.content)) return [];
  return (message.content as Array<{ type?: string; text?: string }>).flatMap(({ type, text }) =>
    type === 'text' && text ? [text] : [],
  );
}
