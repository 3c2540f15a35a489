/**
 * Which key submits the prompt. Enter, unless `keybindings.json` in claude's config folder says otherwise (documented;
 * measured on 2.1.197 and 2.1.332). Claude reads the file anew when it changes, so it is read for each message.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const enter = Buffer.from('\r');
const enterNames = new Set(['enter', 'return']);

/** The bytes of the key that submits; undefined when no key that a terminal can send by itself does. */
export function submitKey(configDir: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(join(configDir, 'keybindings.json'), 'utf8');
  } catch {
    return enter; // few people have one
  }
  return submitKeyIn(text);
}

/** The same, from the file's text. A file that claude could not read either changes nothing. */
export function submitKeyIn(text: string): Buffer | undefined {
  const actions = new Map<string, unknown>();
  for (const { context, bindings } of parseBlocks(text)) {
    if (context !== 'Chat' && context !== 'Global') continue;
    for (const [key, action] of Object.entries(bindings)) {
      const name = key.toLowerCase();
      // what is bound for the box goes before what is bound everywhere
      if (context === 'Chat' || !actions.has(name)) actions.set(name, action);
    }
  }
  const forEnter = [...actions].find(([key]) => enterNames.has(key));
  if (!forEnter || forEnter[1] === 'chat:submit') return enter;
  for (const [key, action] of actions) {
    const bytes = action === 'chat:submit' ? bytesOf(key) : undefined;
    if (bytes) return bytes;
  }
  return undefined;
}

function parseBlocks(text: string): Array<{ context: string; bindings: object }> {
  try {
    const blocks: unknown = JSON.parse(text)?.bindings;
    if (!Array.isArray(blocks)) return [];
    return blocks.filter(
      (block) => typeof block?.context === 'string' && typeof block.bindings === 'object' && block.bindings !== null,
    );
  } catch {
    return []; // no JSON: claude says so at its start and goes on without it
  }
}

/** Chords, function keys and Shift with Enter are left out: what they send differs between terminals. */
function bytesOf(key: string): Buffer | undefined {
  const ctrl = /^ctrl\+([a-z])$/.exec(key)?.[1];
  if (ctrl !== undefined) return Buffer.of(ctrl.charCodeAt(0) & 0x1f);
  const alt = /^(?:alt|meta|opt|option)\+([a-z]|enter|return)$/.exec(key)?.[1];
  if (alt === undefined) return undefined;
  return Buffer.from(`\x1b${alt.length === 1 ? alt : '\r'}`);
}
