/** What a run does, worked out from its seed before it starts: who gets which message how, and which fault comes when. Pure. */

export const faultKinds = [
  'daemon killed',
  'daemon stopped 1–3 s',
  'supervisor killed',
  'claude killed',
  'claude and daemon killed',
  'hooks killed',
  'waiting hook killed',
  'socket deleted',
  'daemon starts race',
  'session cleared',
  'person leaves a draft',
  'disk full',
  'disk read-only',
  'journal unwritable',
  'supervisor stopped 1–6 s',
  'claude stopped 1–6 s',
  'hooks stopped 1–6 s',
  'clock jumps',
  'transcripts unreadable',
  'no inotify',
  'torn line that cannot be cut',
  'dead inbox socket',
  'package removed',
  'host killed',
  'host and claude killed',
  'host and daemon killed',
  'host stopped 1–6 s',
  'viewers killed in mid-frame',
  'restart storm',
  'session stopped and resumed',
  'session sleeps',
] as const;
/** Those of managed sessions that are over in a moment. */
const hostFaultKinds = [
  'daemon killed',
  'host killed',
  'host and claude killed',
  'host and daemon killed',
  'viewers killed in mid-frame',
  'session sleeps',
] as const satisfies readonly FaultKind[];

export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  kind: FaultKind;
  /** Strikes once this many messages have been accepted. */
  afterMessages: number;
  /** Index of the seat it strikes, where it strikes one. */
  seat: number;
  /** 0…1: how long, how much, which sign. */
  amount: number;
}

/** What runs in a folder. */
export interface Profile {
  name: string;
  supervised: boolean;
  /** Held by a host. */
  managed?: boolean;
  version: string;
  /** Share of the messages. */
  weight: number;
}

const profiles = {
  supervised197: { name: 'claudex, 2.1.197', supervised: true, version: '2.1.197', weight: 1 },
  supervised330: { name: 'claudex, 2.1.330', supervised: true, version: '2.1.330', weight: 1 },
  bare197: { name: 'bare, 2.1.197', supervised: false, version: '2.1.197', weight: 1 },
  bare330: { name: 'bare, 2.1.330', supervised: false, version: '2.1.330', weight: 1 },
  managed197: { name: 'host, 2.1.197', supervised: false, managed: true, version: '2.1.197', weight: 1 },
  managed330: { name: 'host, 2.1.330', supervised: false, managed: true, version: '2.1.330', weight: 1 },
  bare100: { name: 'bare, 2.1.100', supervised: false, version: '2.1.100', weight: 0.6 },
} satisfies Record<string, Profile>;

/** The same claude everywhere, under claudex, in a host and bare. */
function realProfiles(version: string): Profile[] {
  return [
    { name: `claudex, real ${version}`, supervised: true, version, weight: 1 },
    { name: `host, real ${version}`, supervised: false, managed: true, version, weight: 1 },
    { name: `bare, real ${version}`, supervised: false, version, weight: 1 },
  ];
}

const profileOrder: Profile[] = [
  profiles.supervised197,
  profiles.managed197,
  profiles.bare197,
  profiles.supervised330,
  profiles.bare330,
  profiles.managed330,
  profiles.bare100,
  profiles.supervised197,
  profiles.supervised330,
];

/** How a message is handed in. */
export type Handing = 'client' | 'command' | 'command, killed' | 'connection cut';

export interface PlannedMessage {
  number: number;
  key: string;
  seat: number;
  kind: 'task' | 'note';
  sender: 'user' | 'peer';
  when: 'idle' | 'now';
  handing: Handing;
  body: string;
}

export interface Plan {
  seats: Profile[];
  messages: PlannedMessage[];
  faults: Fault[];
}

/** Stands in every body, so that a transcript tells which planned message it shows. */
export function tokenOf(number: number): string {
  return `<<${number}>>`;
}

export const tokenPattern = /<<(\d+)>>/g;

/** The folder of a seat. Two of four have a path for which claude shortens the name of its project folder (over 200 characters). */
export function folderOf(seat: number): string {
  const name = `seat-${String(seat).padStart(2, '0')}`;
  return seat % 4 === 1 || seat % 4 === 2 ? `${name}-${'deep'.repeat(50)}` : name;
}

/** mulberry32: small, and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface PlanOptions {
  messages: number;
  seed: number;
  sessions: number;
  /** The seats are filled with the real claude of that version. */
  realVersion?: string;
  /** Managed sessions alone, and each of their faults once: some seconds. */
  hostsOnly?: boolean;
}

export function makePlan(options: PlanOptions): Plan {
  const { hostsOnly = false, realVersion } = options;
  const random = seededRandom(options.seed);
  const all = realVersion === undefined ? profileOrder : realProfiles(realVersion);
  const order = hostsOnly ? all.filter((one) => 'managed' in one) : all;
  const seats = Array.from({ length: options.sessions }, (_, index) => order[index % order.length]!);
  const messages = Array.from({ length: options.messages }, (_, number) =>
    planMessage(number, options.seed, seats, random),
  );
  // every kind at least twice, however small the run; then one fault every forty messages
  const kinds: readonly FaultKind[] = hostsOnly ? hostFaultKinds : faultKinds;
  const count = hostsOnly ? kinds.length : Math.max(kinds.length * 2, Math.floor(options.messages / 40));
  const faults = Array.from({ length: count }, (_, index): Fault => {
    const seat = Math.floor(random() * seats.length);
    return {
      kind: kinds[index % kinds.length]!,
      afterMessages: Math.floor((0.02 + 0.96 * random()) * options.messages),
      seat,
      amount: random(),
    };
  }).sort((a, b) => a.afterMessages - b.afterMessages);
  return { seats, messages, faults };
}

function planMessage(number: number, seed: number, seats: readonly Profile[], random: () => number): PlannedMessage {
  const seat = weighted(seats, random());
  const kind = random() < 0.12 ? 'note' : 'task';
  const sender = random() < 0.25 ? 'peer' : 'user';
  const when = random() < 0.1 ? 'now' : 'idle';
  const dice = random();
  const handing: Handing =
    dice < 0.003 ? 'command' : dice < 0.006 ? 'command, killed' : dice < 0.04 ? 'connection cut' : 'client';
  // some are longer than a hook may carry: those arrive as a pointer there
  const filler = random() < 0.01 ? 'long '.repeat(2200) : 'do the next thing '.repeat(1 + Math.floor(random() * 12));
  const body = `${tokenOf(number)} ${filler}`;
  return { number, key: `chaos-${seed}-${number}`, seat, kind, sender, when, handing, body };
}

function weighted(seats: readonly Profile[], dice: number): number {
  let left = dice * seats.reduce((sum, one) => sum + one.weight, 0);
  for (const [index, { weight }] of seats.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return seats.length - 1;
}
