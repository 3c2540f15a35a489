/**
 * What claude makes of a prompt besides reading it (measured on 2.1.197 and 2.1.330; pinned by test/e2e/serve/serve-workspaces.test.ts):
 * a first `/` is a command, and `@path` has it read that file, wherever it is and without asking for permission.
 */
import { isSlashPrompt } from './fresh-start.ts';

/** Stands before the name of a file that is to be read. */
export const mentionSign = '@';

/** True for a prompt that claude only reads. An `@` inside a word (a mail address) is none. */
export function isPlainText(prompt: string): boolean {
  return !isSlashPrompt(prompt) && !/(^|\W)@/.test(prompt);
}
