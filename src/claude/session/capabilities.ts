import { isAtLeast } from '../../home/package.ts';
import { type HookEventName, hookEvents } from '../hooks/hook-settings.ts';

/** Which ways in a claude version offers. Versions: docs/claude-facts.md#hooks. */

export interface Capabilities {
  /** A Stop hook's additionalContext continues the turn without an error line (2.1.163). */
  stopAdditionalContext: boolean;
}

export function capabilitiesOf(version: string | null): Capabilities {
  return {
    stopAdditionalContext: isAtLeast(version, '2.1.163'),
  };
}

/** Since when claude knows each hook event (its changelog). */
const hookEventSince: Record<HookEventName, string> = {
  Stop: '1.0.38',
  Notification: '1.0.38',
  UserPromptSubmit: '1.0.54',
  SessionStart: '1.0.62',
  SessionEnd: '1.0.85',
  PermissionRequest: '2.0.45',
  StopFailure: '2.1.78',
};

/** Older ones are not expected: without --settings and asyncRewake (2.1.107) most of claudex is not there. */
const oldestVersion = '2.0.0';

/**
 * The events that we listen to and that this claude knows; an unknown version knows all. Settings that name one which claude
 * does not know open a dialog at its start (docs/claude-facts.md#hooks).
 */
export function hookEventsOf(version: string | null): HookEventName[] {
  return hookEvents.filter((event) => isAtLeast(version, hookEventSince[event]));
}

/** What an installation has, whichever claude it was made for. */
export const leastHookEvents: readonly HookEventName[] = hookEventsOf(oldestVersion);
