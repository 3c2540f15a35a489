/** The hook trace in words. */
import { existsSync } from 'node:fs';
import type { InstalledState } from '../../../install-scripts/installed-state.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import type { HookTrace } from '../hook-trace.ts';
import { age } from './render.ts';

/** One line: who has been heard of, and what a hook has failed of. */
export function hookText({ sessions, failure }: HookTrace, isRunning: boolean): string {
  const last = sessions
    .filter(({ lastHook }) => lastHook !== null)
    .sort((a, b) => Date.parse(b.lastHook!.at) - Date.parse(a.lastHook!.at))[0];
  const parts = [];
  if (!isRunning) parts.push('nobody is told of them now');
  else if (sessions.length === 0) parts.push('no session to hear of');
  else {
    const heard = sessions.filter(({ state }) => state === 'heard').length;
    parts.push(`${heard} of ${sessions.length} sessions report`);
    if (last) parts.push(`last ${oneLine(last.name)} ${age(last.lastHook!.at)} ago (${oneLine(last.lastHook!.event)})`);
    const notYet = sessions.filter(({ state }) => state === 'none-due').length;
    if (notYet > 0) parts.push(`${notYet} had none to send yet`);
  }
  if (failure?.isOver) parts.push(`one failed ${age(failure.at)} ago (${failure.reason}), and they came through since`);
  return parts.join('; ');
}

/** What is to be mended. */
export function hookProblems({ sessions, failure }: HookTrace): ClaudexError[] {
  const problems = sessions.flatMap(({ id, cwd, state, lastHook, why }) => {
    if (state !== 'silent' && state !== 'quiet') return [];
    const facts = lastHook === null ? '' : ` The last was ${lastHook.event}, ${age(lastHook.at)} ago.`;
    const cause = why.length > 0 ? `: ${why.join('; ')}` : '';
    return [
      new ClaudexError(
        state === 'silent' ? 'SESSION_SILENT' : 'SESSION_QUIET',
        `It is ${id} (${cwd})${cause}.${facts}`,
      ),
    ];
  });
  if (failure && !failure.isOver) {
    const whose = failure.session ?? `process ${failure.pid}`;
    problems.push(new ClaudexError('HOOK_FAILED', `${age(failure.at)} ago, of ${whose}: ${failure.reason}.`));
  }
  return problems;
}

/** Why our entries are not in claude's settings; null when they are. */
export function missingEntries({ state, settingsPath }: InstalledState, installRecord: string): string | null {
  if (state === 'installed') return null;
  if (existsSync(installRecord)) return `the entries that \`claudex install\` made have gone from ${settingsPath}`;
  return `\`claudex install\` has not been run for ${settingsPath}`;
}
