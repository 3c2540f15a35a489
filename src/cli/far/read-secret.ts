/** A secret that is typed without being seen, or read from standard input: never an argument, which every process may look at. */
import { text } from 'node:stream/consumers';

const enter = ['\r', '\n', '\x04'];
const backspace = ['\x7f', '\b'];

/** What was typed, the line's end not included. Ctrl-C ends the command as it does elsewhere. */
export async function readSecret(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return text(stdin);
  // before it is asked for: whoever types at once is not seen either
  stdin.setRawMode(true);
  stderr.write(prompt);
  try {
    let typed = '';
    // the terminal may be asked more afterwards
    for await (const chunk of stdin.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      for (const key of chunk as string) {
        if (enter.includes(key)) return typed;
        if (key === '\x03') {
          stdin.setRawMode(false);
          process.kill(process.pid, 'SIGINT');
        } else typed = backspace.includes(key) ? typed.slice(0, -1) : typed + key;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
