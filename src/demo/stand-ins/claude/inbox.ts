/** The inbox socket of the stand-in for claude: other sessions and programs write a line of JSON, and a turn starts. */
import { createServer } from 'node:net';

/** Resolves when it listens. `take` gets each prompt. */
export async function listenForPeers(path: string, take: (prompt: string) => void): Promise<void> {
  const server = createServer((socket) => {
    let received = '';
    socket.setEncoding('utf8');
    socket.on('error', () => undefined); // a writer may vanish
    socket.on('data', (text: string) => {
      const lines = (received + text).split('\n');
      received = lines.pop()!;
      for (const line of lines) {
        const { message } = JSON.parse(line) as { message: { content: string } };
        take(`Another Claude session sent a message:\n${message.content}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
}
