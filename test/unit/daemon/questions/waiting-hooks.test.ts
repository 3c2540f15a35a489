/** Hooks that hang up and hooks that die: which question can still be answered from elsewhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { HookProcess } from '../../../../src/daemon/questions/live-question.ts';
import { dialogWithinMs, heldBackReason } from '../../../../src/daemon/questions/session-sight.ts';
import { processStartTime } from '../../../../src/process/identity.ts';
import { aHook, aRequest, QuestionScene } from '../../../support/question-scene.ts';
import { until } from '../../../support/until.ts';

async function aProcess(): Promise<HookProcess & { kill: () => Promise<void> }> {
  const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid!, startTime: processStartTime(child.pid!)!, kill };
}

describe('hooks that wait beside a dialog', () => {
  it('one that has hung up and lives comes back: the question stays open for it', async () => {
    const scene = new QuestionScene();
    const hookProcess = await aProcess();
    const { id, hook } = scene.asks(aRequest(), hookProcess);
    hook.hangUp();
    const next = aHook();
    const { session } = scene;
    scene.questions.ask(
      { session, request: aRequest(), process: hookProcess, conversation: session.claudeSessionId! },
      next.hold,
    );
    expect(scene.questions.get(id)).toMatchObject({ state: 'open', remote: true });
    // the one that it was before says nothing any more
    hook.hangUp();
    expect(scene.questions.get(id)).toMatchObject({ state: 'open', remote: true });
    await hookProcess.kill();
  });

  it('one that was killed under an open dialog: it can be answered in its terminal only', async () => {
    const scene = new QuestionScene();
    const hookProcess = await aProcess();
    const { id, hook } = scene.asks(aRequest(), hookProcess);
    await hookProcess.kill();
    hook.hangUp();
    expect(scene.questions.get(id)).toMatchObject({ state: 'open', remote: false, reason: 'its hook was ended' });
  });

  it('one whose shell has died without hanging up is found by the sweep', async () => {
    const scene = new QuestionScene();
    const hookProcess = await aProcess();
    const { id, hook } = scene.asks(aRequest(), hookProcess);
    await hookProcess.kill();
    await until(() => scene.questions.get(id)!.remote === false);
    expect(hook.said).toEqual(['dismissed']);
  });

  it('one that claude has ended because the dialog was cancelled: answered in the terminal', async () => {
    const scene = new QuestionScene();
    const hookProcess = await aProcess();
    const { id, hook } = scene.asks(aRequest(), hookProcess);
    await hookProcess.kill();
    scene.says('idle');
    hook.hangUp();
    expect(scene.questions.get(id)).toMatchObject({ state: 'answered', via: 'terminal' });
  });

  it('one that was let go for an agent’s dialog to come: the question is open until that has been answered', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
    try {
      const scene = new QuestionScene();
      scene.says('idle');
      const hookProcess = await aProcess();
      const { hook, hold } = aHook();
      const { session } = scene;
      const request = aRequest({ agentId: 'a1', agentType: 'general-purpose' });
      const conversation = session.claudeSessionId!;
      scene.questions.ask({ session, request, process: hookProcess, conversation }, hold);
      const { id } = scene.told.at(-1)!.question;
      await vi.advanceTimersByTimeAsync(dialogWithinMs);
      expect(hook.said).toEqual(['dismissed']);
      await hookProcess.kill();
      await vi.advanceTimersByTimeAsync(5000);
      expect(scene.questions.get(id)).toMatchObject({ state: 'open', remote: false, reason: heldBackReason });
    } finally {
      vi.useRealTimers();
    }
  });
});
