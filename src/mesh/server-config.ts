/** What nats-server is told by `claudex mesh up`, and what each machine may do there. Pure. */

/** One key for each machine, and one more for its heartbeat. */
export const bucketName = 'claudex_machines';

/** The stream that keeps mail between machines until the other machine has it. */
export const mailStream = 'CLAUDEX_MAIL';

/** The stream that the bucket is made of. */
export const bucketStream = `KV_${bucketName}`;

/**
 * Where answers to a machine go: each may write there, and none but it may listen. (NATS can also let a machine answer wherever a question
 * says, `allow_responses`. A machine that asks itself, or a friend, could then write everywhere.)
 */
export function inboxOf(name: string): string {
  return `_INBOX.${name}`;
}

/** Where an answer may go at all: the inboxes of machines, and those of clients that have a user without limits. */
export const everyInbox = '_INBOX.';

/** One machine that may come in. */
export interface MeshUser {
  name: string;
  /** The public half of its NKEY. */
  nkey: string;
}

/** What `claudex mesh up` was told; kept for the next time. */
export interface ServerOptions {
  host: string;
  port: number;
  tlsCert?: string;
  tlsKey?: string;
}

export interface Permissions {
  publish: string[];
  subscribe: string[];
}

/**
 * A machine may write its own record and heartbeat, and read everybody's. It may send mail and questions under its own name to each
 * machine, and reads those that are for it. As agents (mesh.agents) it may offer its own sessions, and ask those of others: nothing beside that.
 */
export function permissionsOf(name: string): Permissions {
  return {
    publish: [
      `$KV.${bucketName}.${name}`,
      `$KV.${bucketName}.${name}.beat`,
      '$JS.API.INFO',
      `$JS.API.STREAM.INFO.${bucketStream}`,
      `$JS.API.DIRECT.GET.${bucketStream}.>`,
      `$JS.API.STREAM.MSG.GET.${bucketStream}`,
      `$JS.API.CONSUMER.CREATE.${bucketStream}.>`,
      `$JS.API.CONSUMER.INFO.${bucketStream}.>`,
      `$JS.API.CONSUMER.DELETE.${bucketStream}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.${bucketStream}.>`,
      `$JS.ACK.${bucketStream}.>`,
      `$JS.FC.${bucketStream}.>`,
      `claudex.mail.*.${name}`,
      `claudex.ask.*.${name}`,
      `$JS.API.STREAM.INFO.${mailStream}`,
      `$JS.API.CONSUMER.CREATE.${mailStream}.${name}.claudex.mail.${name}.>`,
      `$JS.API.CONSUMER.INFO.${mailStream}.${name}`,
      `$JS.API.CONSUMER.MSG.NEXT.${mailStream}.${name}`,
      `$JS.ACK.${mailStream}.${name}.>`,
      `agents.hb.cc.${name}.*`,
      'agents.prompt.*.*.*',
      'agents.status.*.*.*',
      '$SRV.>',
      `${everyInbox}>`,
    ],
    subscribe: [
      `${inboxOf(name)}.>`,
      `claudex.ask.${name}.*`,
      `agents.prompt.cc.${name}.*`,
      `agents.status.cc.${name}.*`,
      'agents.hb.*.*.*',
      '$SRV.*',
      '$SRV.*.agents',
      '$SRV.*.agents.*',
    ],
  };
}

/** The text of the configuration; nats-server reads JSON. `syncs`: this version knows how to sync each write. */
export function serverConfig(
  options: ServerOptions,
  given: { users: readonly MeshUser[]; owner: string; folder: string; syncs: boolean },
): string {
  const { host, port, tlsCert, tlsKey } = options;
  return JSON.stringify(
    {
      server_name: 'claudex-mesh',
      host,
      port,
      jetstream: {
        store_dir: `${given.folder}/store`,
        max_memory_store: 16_777_216,
        max_file_store: 1_073_741_824,
        ...(given.syncs && { sync_interval: 'always' }),
      },
      max_payload: 1_048_576,
      ...(tlsCert !== undefined &&
        tlsKey !== undefined && { tls: { cert_file: tlsCert, key_file: tlsKey, timeout: 5 } }),
      authorization: {
        timeout: 5,
        users: [
          { nkey: given.owner },
          ...given.users.map(({ name, nkey }) => ({ nkey, permissions: permissionsOf(name) })),
        ],
      },
    },
    null,
    2,
  );
}

/** `nats-server: v2.9.10` says that it cannot sync each write: that came with 2.10. */
export function syncsEachWrite(versionText: string): boolean {
  const [, major, minor] = /v?(\d+)\.(\d+)/.exec(versionText) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 10);
}
