/** What nats-server is told by `claudex mesh up`, and what each machine may do there. Pure. */

/** One key for each machine, and one more for its heartbeat. */
export const bucketName = 'claudex_machines';

const stream = `KV_${bucketName}`;

/** Where answers to a machine go: no other one may listen there. */
export function inboxOf(name: string): string {
  return `_INBOX_${name}`;
}

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

/** A machine may write its own record and heartbeat, and read everybody's: nothing beside that. */
export function permissionsOf(name: string): { publish: string[]; subscribe: string[] } {
  return {
    publish: [
      `$KV.${bucketName}.${name}`,
      `$KV.${bucketName}.${name}.beat`,
      '$JS.API.INFO',
      `$JS.API.STREAM.INFO.${stream}`,
      `$JS.API.DIRECT.GET.${stream}.>`,
      `$JS.API.STREAM.MSG.GET.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}.>`,
      `$JS.API.CONSUMER.INFO.${stream}.>`,
      `$JS.API.CONSUMER.DELETE.${stream}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
      `$JS.ACK.${stream}.>`,
      `$JS.FC.${stream}.>`,
    ],
    subscribe: [`${inboxOf(name)}.>`],
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
