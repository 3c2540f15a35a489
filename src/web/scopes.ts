/** What a device may do, by name. Each route says which one it takes (src/web/web-routes.ts). */

/**
 * `view`: see everything; `send`: messages, as the person; `answer`: the questions of sessions; `terminal`: type into a terminal;
 * `manage`: start, stop and forget sessions, and let devices in.
 */
export const scopes = ['view', 'send', 'answer', 'terminal', 'manage'] as const;
export type Scope = (typeof scopes)[number];

export function isScope(word: string): word is Scope {
  return (scopes as readonly string[]).includes(word);
}
