import type { DaemonClient } from '../../daemon-client/client.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { senderOf } from '../sender.ts';

/** The first task of a session that has just been started: it waits until claude shows its prompt box. */
export async function giveTask(client: DaemonClient, id: string, body: string): Promise<void> {
  await client.send({
    target: id,
    body,
    kind: 'task',
    when: 'idle',
    hold: false,
    sender: await senderOf(client, process.env, undefined),
    caller: { pids: [process.ppid], configDir: claudeConfigDir(process.env) },
  });
}
