/** What nats-server is told by `claudex mesh up`, and what each machine may do there. Pure. */

/** One key for each machine, and one more for its heartbeat. */
export const bucketName = 'claudex_machines';

/** The stream that keeps mail for that machine until it has it. */
export function mailboxOf(name: string): string {
  return `CLAUDEX_MAIL_${name}`;
}

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
      `$JS.FC.${bucketStream}.>`,
      `claudex.mail.*.${name}`,
      `claudex.ask.*.${name}`,
      `$JS.API.CONSUMER.INFO.${mailboxOf(name)}.${name}`,
      `$JS.API.CONSUMER.MSG.NEXT.${mailboxOf(name)}.${name}`,
      `$JS.ACK.${mailboxOf(name)}.${name}.>`,
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

/** What of the bucket's JetStream machines reach. */
const bucketServices = [
  '$JS.API.INFO',
  `$JS.API.STREAM.INFO.${bucketStream}`,
  `$JS.API.DIRECT.GET.${bucketStream}.>`,
  `$JS.API.STREAM.MSG.GET.${bucketStream}`,
  `$JS.API.CONSUMER.CREATE.${bucketStream}.>`,
  `$JS.API.CONSUMER.INFO.${bucketStream}.*`,
  `$JS.API.CONSUMER.DELETE.${bucketStream}.*`,
  `$JS.FC.${bucketStream}.>`,
  `$KV.${bucketName}.>`,
];

/** What of the mailboxes' JetStream. A machine that has no mailbox stands for nothing: what is sent to it is refused at once. */
function mailServices(
  names: readonly string[],
): Array<{ service: string; response_type?: 'stream'; response_threshold?: '45s' }> {
  return names.flatMap((name) => [
    { service: `claudex.mail.${name}.*` },
    { service: `$JS.API.CONSUMER.INFO.${mailboxOf(name)}.${name}` },
    {
      service: `$JS.API.CONSUMER.MSG.NEXT.${mailboxOf(name)}.${name}`,
      response_type: 'stream',
      // the server keeps where the answers go for so long: a request for mail stands for 30 s
      response_threshold: '45s',
    },
    { service: `$JS.ACK.${mailboxOf(name)}.${name}.>` },
  ]);
}

/**
 * JetStream answers wherever a request says, and does not ask whether its sender may publish there. A machine could so have it write under
 * another one's name, or have it delete, in JetStream's own name, what it has stored for everybody. Therefore machines are in an account
 * without JetStream, and what they say reaches the accounts that have it by the subjects here alone: an answer comes back to the machines'
 * account, and goes no further. Bucket and mailboxes are apart, because who may make a consumer, as a watch of the bucket is, can have it
 * deliver to every subject of its account.
 */
function accountsOf(users: readonly MeshUser[], owner: string, mailOwner: string): object {
  const mail = mailServices(users.map(({ name }) => name));
  return {
    MACHINES: {
      users: users.map(({ name, nkey }) => ({ nkey, permissions: permissionsOf(name) })),
      imports: [
        ...bucketServices.map((subject) => ({ service: { account: 'BUCKET', subject } })),
        { stream: { account: 'BUCKET', subject: `${everyInbox}>` } },
        ...mail.map(({ service }) => ({ service: { account: 'MAIL', subject: service } })),
      ],
    },
    BUCKET: {
      jetstream: 'enabled',
      users: [{ nkey: owner }],
      exports: [...bucketServices.map((service) => ({ service })), { stream: `${everyInbox}>` }],
    },
    MAIL: { jetstream: 'enabled', users: [{ nkey: mailOwner }], exports: mail },
  };
}

/** The text of the configuration; nats-server reads JSON. `syncs`: this version knows how to sync each write. */
export function serverConfig(
  options: ServerOptions,
  given: { users: readonly MeshUser[]; owner: string; mailOwner: string; folder: string; syncs: boolean },
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
        // no limit of its own: each mailbox has one, and counts here with all that it may hold
        max_file_store: 2 ** 40,
        ...(given.syncs && { sync_interval: 'always' }),
      },
      max_payload: 1_048_576,
      ...(tlsCert !== undefined &&
        tlsKey !== undefined && { tls: { cert_file: tlsCert, key_file: tlsKey, timeout: 5 } }),
      authorization: { timeout: 5 },
      accounts: accountsOf(given.users, given.owner, given.mailOwner),
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
