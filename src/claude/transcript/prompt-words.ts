/** The words of a prompt without what claude writes around them: who sent them, that they were pasted, that a hook woke it. Pure. */

/** Measured on 2.1.197, 2.1.330 and 2.1.332. */
const before = [
  /^Another Claude session sent a message:\n/,
  /^<task-notification>[\s\S]*?<\/task-notification>\n<system-reminder>\n(?:[^\n[]*: )?/,
  // 2.1.332 begins with two empty lines, and names the id in the end tag again
  /^\s*<pasted_content\b[^>]*>\n?/,
];
const after = [
  /\n\nThis came from another Claude session\b[\s\S]*$/,
  /\s*<\/system-reminder>\s*$/,
  /\n?<\/pasted_content\b[^>]*>\s*$/,
];

/** `prompt`, as a hook or a transcript gives it, from its sender's first word to the last. */
export function promptWords(prompt: string): string {
  let words = prompt;
  for (const wrapper of [...before, ...after]) words = words.replace(wrapper, '');
  return words;
}
