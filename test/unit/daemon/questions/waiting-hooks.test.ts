/** Hooks that hang up and hooks that die: which question can still be answered from elsewhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { HookProcess } from '../../../../src/daemon/questions/live-question.ts';
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
});
