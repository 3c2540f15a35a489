/** What claude asks in one session, as the daemon sees it: a clock, a session file and a transcript that the test alone moves and writes. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PermissionRequest } from '../../src/claude/hooks/permission.ts';
import type { HeldHook } from '../../src/daemon/held-hook.ts';
import type { HookProcess } from '../../src/daemon/questions/live-question.ts';
import { OpenQuestions, type QuestionEvent } from '../../src/daemon/questions/open-questions.ts';
import { type LiveSession, newSession } from '../../src/daemon/sessions/session.ts';
import { processStartTime } from '../../src/process/identity.ts';
import type { AnswerRequest, Question } from '../../src/protocol/question.ts';
import { TestClock } from './a-clock.ts';
import { aSessionFile } from './a-session-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

const conversation = aSessionFile().sessionId;

/** A hook of a test: what was said to it, and hanging up. */
export interface SceneHook extends HeldHook {
  said: string[];
  hangUp(): void;
}

/** A process that lives: this one. With another start time it is another hook, which has ended. */
export function livingProcess(): HookProcess {
  return { pid: process.pid, startTime: processStartTime(process.pid)! };
}

export function aHook(): { hook: SceneHook; hold: (gone: () => void) => HeldHook } {
  let hangUp = (): void => undefined;
  const said: string[] = [];
  const hook: SceneHook = {
    said,
    hangUp: () => hangUp(),
    answer: (text) => void said.push(text),
    dismiss: () => void said.push('dismissed'),
  };
  return {
    hook,
    hold: (gone) => {
      hangUp = gone;
      return hook;
    },
  };
}

export function aRequest(fields: Partial<PermissionRequest> = {}): PermissionRequest {
  return { tool: 'Bash', input: { command: 'npm test' }, suggestions: [], agentId: null, agentType: null, ...fields };
}

export class QuestionScene {
  readonly clock = new TestClock();
  readonly session: LiveSession;
  readonly questions: OpenQuestions;
  readonly told: Array<{ event: QuestionEvent; question: Question }> = [];
  readonly transcript: string;
  #calls = 0;

  constructor() {
    const folder = temporaryFolder();
    this.transcript = join(folder, `${conversation}.jsonl`);
    writeFileSync(this.transcript, '');
    const session = { pid: process.pid, startTime: '1', cwd: folder, configDir: folder };
    this.session = newSession(session, this.clock) as LiveSession;
    this.session.conversationIs(conversation, this.transcript);
    this.questions = new OpenQuestions({ clock: this.clock, readFileNow: () => undefined });
    this.questions.changed.add((change) => void this.told.push(change));
    onTestFinished(() => this.questions.close());
  }

  /** Claude writes its session file. */
  says(status: string): void {
    this.session.fileRead(aSessionFile({ status, statusUpdatedAt: this.clock.now }));
    this.questions.sessionChanged(this.session);
  }

  /** Claude asks; its dialog is on the screen. `startTime`: which hook. */
  asks(request = aRequest(), process: HookProcess = livingProcess()): { id: string; hook: SceneHook } {
    const { hook, hold } = aHook();
    // claude does not write its file anew while one dialog follows another
    const isFirst = this.questions.countOf(this.session.id) === 0;
    if (isFirst) this.says('busy');
    this.clock.pass(1);
    this.questions.ask({ session: this.session, request, process, conversation }, hold);
    const { id } = this.told.at(-1)!.question;
    this.clock.pass(300);
    if (isFirst) this.says('waiting');
    this.clock.pass(1000);
    return { id, hook };
  }

  /** The call stands in the transcript. */
  calls(tool = 'Bash', input: unknown = { command: 'npm test' }): string {
    const id = `toolu_${++this.#calls}`;
    this.#write({ type: 'assistant', message: { content: [{ type: 'tool_use', id, name: tool, input }] } });
    return id;
  }

  /** Its result, and what claude writes beside it. */
  results(
    id: string,
    { byHook, ...more }: { byHook?: 'allow' | 'deny'; toolUseResult?: string; permissionDecision?: object } = {},
  ): void {
    if (byHook)
      this.#write({
        type: 'attachment',
        attachment: { type: 'hook_permission_decision', toolUseID: id, decision: byHook },
      });
    const timestamp = new Date(this.clock.now).toISOString();
    this.#write({ type: 'user', timestamp, ...more, message: { content: [{ type: 'tool_result', tool_use_id: id }] } });
    this.questions.sessionChanged(this.session);
  }

  answer(id: string, answer: Partial<AnswerRequest> = { decision: 'allow' }): Promise<Question> {
    return this.questions.answer(id, { via: 'command', by: 'the test', ...answer } as AnswerRequest);
  }

  events(): QuestionEvent[] {
    return this.told.map(({ event }) => event);
  }

  #write(record: object): void {
    appendFileSync(this.transcript, `${JSON.stringify(record)}\n`);
  }
}
