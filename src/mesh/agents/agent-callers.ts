/** Who calls an agent, how that is known, and what this machine's settings let it do. */
import type { Msg } from '@nats-io/transport-node';
import { readSettings } from '../../settings/read.ts';
import { ReplayGuard } from '../asks/replay-guard.ts';
import { isMachineName } from '../machine-name.ts';
import type { Joined } from '../mesh-files.ts';
import type { SeenMachines } from '../seen-machines.ts';
import { everyInbox } from '../server-config.ts';
import { readTrusted, trustIn } from '../trust.ts';
import { type AskingMachine, mayMachine } from '../who-may.ts';
import { AgentRefusal } from './agent-request.ts';
import { signerOf } from './agent-sender.ts';

const maxInboxChars = 256;
/** No machine's name. */
const anybody = '*';

interface Parts {
  env: NodeJS.ProcessEnv;
  joined: Joined;
  machines: SeenMachines;
  /** Now by the server's clock. */
  serverTime: () => number;
}

export class AgentCallers {
  readonly #parts: Parts;
  #guard: ReplayGuard | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The line is up: what was signed before is too old. */
  begin(): void {
    this.#guard ??= new ReplayGuard(this.#parts.serverTime());
  }

  /**
   * Whose inbox the answer goes to: a name that `claudex mesh invite` may have given, or `anybody`. Nothing says that whoever asks has
   * that name. Undefined where the answer would go anywhere else than into an inbox.
   */
  inboxOf({ reply }: Pick<Msg, 'reply'>): string | undefined {
    if (!reply?.startsWith(everyInbox) || reply.length > maxInboxChars) return undefined;
    const [, name = ''] = reply.split('.');
    return isMachineName(name) ? name : anybody;
  }

  /** Whose requests are counted together: anyone can invent names. */
  countedAs(caller: string): string {
    return this.#parts.machines.keyOf(caller) === undefined ? anybody : caller;
  }

  mustSign(): boolean {
    return readSettings(this.#parts.env).values['mesh.send'] !== 'all';
  }

  /**
   * The machine that has signed the prompt, where it is one.
   * @throws AgentRefusal where the signature is none, or `mesh.send` does not let it in
   */
  admit({ subject, data, headers }: Pick<Msg, 'subject' | 'data' | 'headers'>): AskingMachine | undefined {
    const { env, joined, machines, serverTime } = this.#parts;
    const header = headers?.get('Agent-Sender') ?? '';
    const user = signerOf({ subject, data, header }, this.#guard!, serverTime());
    const name = user && machines.all({ isCutOff: false }).find(({ key }) => key === user)?.name;
    const machine = name ? { name, ...trustIn(readTrusted(env), name, user) } : undefined;
    const { values } = readSettings(env);
    // under a name that another key is trusted for it is nobody
    if (values['mesh.send'] === 'all') return machine?.hasOtherKey ? undefined : machine;
    if (machine && mayMachine(values, 'send', machine)) return machine;
    if (user === undefined)
      throw new AgentRefusal(401, 'signature_required', `${joined.name} takes signed prompts alone (mesh.send).`);
    throw new AgentRefusal(403, 'not_allowed', `${joined.name} does not let this caller send (mesh.send).`);
  }

  /**
   * Who answers what claude has asked, in words; undefined where `mesh.answer` does not let it. Whoever reads a machine's inbox is that
   * machine, by the word of the server: enough for its name in the setting, and not for `trusted`.
   * @param caller as `inboxOf` says
   */
  answerer(caller: string): string | undefined {
    const { env, machines } = this.#parts;
    const { hasOtherKey } = trustIn(readTrusted(env), caller, machines.keyOf(caller) ?? '');
    const may = mayMachine(readSettings(env).values, 'answer', { name: caller, isTrusted: false, hasOtherKey });
    return may ? `a program on the mesh${caller === anybody ? '' : ` (${caller})`}` : undefined;
  }
}

/** Tells a prompt that came twice from two: by the id that NATS has for that. */
export function keyOf({ headers }: Pick<Msg, 'headers'>, caller: string): string | undefined {
  const id = headers?.get('Nats-Msg-Id') ?? '';
  return /^[\x21-\x7e]{1,128}$/.test(id) ? `agents ${caller} ${id}` : undefined;
}
