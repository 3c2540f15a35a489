/** A random session, the same for the same seed: how the terminal is, what the program writes, what the person does, how it ends. */
import { seededRandom } from '../support/seeded-random.ts';

export interface SessionStep {
  /** Bytes the program writes first, in writes of `pieceBytes`. */
  output?: string;
  pieceBytes?: number;
  /** Then the person types these, one write each. Base64, as all bytes here. */
  typed?: string[];
  /** As many bytes the program sees of them. */
  received?: number;
  /** Then the window is resized: columns and rows, pixels; and what the program finds. */
  resize?: [cols: number, rows: number, width: number, height: number];
  size?: string;
}

export interface SessionPlan {
  seed: number;
  /** What the person has told stty before. */
  stty: string[];
  size: [cols: number, rows: number, width: number, height: number];
  /** How the program sets its terminal: not at all, as Node does, completely raw. */
  mode: 'cooked' | 'node-raw' | 'raw';
  steps: SessionStep[];
  /** The last bytes, right before the end. */
  last: string;
  end: { code: number } | { signal: NodeJS.Signals };
}

const sttyWords = [
  ...[
    '-iutf8',
    'iutf8',
    '-ixon',
    'ixany',
    '-ixany',
    'imaxbel',
    '-imaxbel',
    '-brkint',
    'ignbrk',
    'inpck',
    '-icrnl',
    'igncr',
  ],
  ...['-onlcr', 'ocrnl', '-opost', 'tab3', 'onlret', '-echoctl', '-echoke', '-echok', 'noflsh', 'tostop', '-iexten'],
  ...[
    'hupcl',
    'erase ^H',
    'intr ^X',
    'quit ^_',
    'susp undef',
    'eof ^B',
    'kill ^K',
    'werase undef',
    'lnext ^P',
    'eol ;',
    'stop ^E',
  ],
  ...['start ^T', 'rprnt undef', 'min 3', 'time 2', '9600', '115200'],
];
// none that Node keeps for itself (SIGUSR1, SIGPIPE)
const signals = ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2', 'SIGSEGV', 'SIGABRT', 'SIGALRM'] as const;
/** What programs say to terminals: colours, moves, screens, modes, titles, links, clipboard, notifications, queries. */
const spoken = [
  ...[
    '\x1b[0m',
    '\x1b[1;31m',
    '\x1b[38;2;1;2;3m',
    '\x1b[48:2::9:8:7m',
    '\x1b[H',
    '\x1b[2J',
    '\x1b[12;40H',
    '\x1b[K',
    '\x1b[3A',
  ],
  ...[
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[?25l',
    '\x1b[?25h',
    '\x1b[?2004h',
    '\x1b[?2004l',
    '\x1b[?1000;1006h',
    '\x1b[?1006;1000l',
  ],
  ...[
    '\x1b[?1004h',
    '\x1b[?1004l',
    '\x1b[?2026h',
    '\x1b[?2026l',
    '\x1b[>1u',
    '\x1b[<u',
    '\x1b[=5;1u',
    '\x1b[>4;2m',
    '\x1b[>4m',
  ],
  ...[
    '\x1b[?7l',
    '\x1b[?7h',
    '\x1b[2;9r',
    '\x1b[r',
    '\x1b(0',
    '\x1b(B',
    '\x1b=',
    '\x1b>',
    '\x1b7',
    '\x1b8',
    '\x1bc',
    '\x1b[!p',
  ],
  ...[
    '\x1b]0;title\x07',
    '\x1b]8;;https://example.invalid/\x1b\\link\x1b]8;;\x1b\\',
    '\x1b]52;c;aGVsbG8=\x07',
    '\x1b]99;i=1;hi\x1b\\',
  ],
  ...[
    '\x1b[c',
    '\x1b[>c',
    '\x1b[5n',
    '\x1b[6n',
    '\x1b[>0q',
    '\x1b]10;?\x07',
    '\x1b]11;?\x1b\\',
    '\x1b[?u',
    '\x1b[14t',
    '\x1bP+q544e\x1b\\',
  ],
  ...[
    '\x1b_Gi=1,a=q;AAAA\x1b\\',
    '\x1b^privacy\x1b\\',
    '\x9b1m',
    '\x84',
    '\x00',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\b',
    '\x07',
    '\x0e',
    '\x0f',
    '\x7f',
    '\x1b',
  ],
];
/** What terminals and keys say to programs. */
const answered = [
  ...[
    '\x1b[?62;22c',
    '\x1b[>41;377;0c',
    '\x1b[0n',
    '\x1b[12;40R',
    '\x1bP>|xterm(390)\x1b\\',
    '\x1b]10;rgb:ffff/ffff/ffff\x07',
  ],
  ...[
    '\x1b]11;rgb:0000/0000/0000\x1b\\',
    '\x1b[?1u',
    '\x1b[4;600;800t',
    '\x1b[I',
    '\x1b[O',
    '\x1b[<0;10;10M',
    '\x1b[<0;10;10m',
    '\x1b[M !!',
  ],
  ...[
    '\x1b[A',
    '\x1bOA',
    '\x1b[97;5u',
    '\x1b[1;2P',
    '\x1b[200~pasted\nlines\r\x1b[201~',
    '\x1b',
    '\x03',
    '\x04',
    '\x13',
    '\x11',
    '\x1a',
    '\x1c',
  ],
  ...['\x00', '\x7f', '\r', '\n', '\x16', '\x0f', '\x1b[13;2u', 'é', '漢字', '👩‍👩‍👧‍👦', '\x1b]52;c;aGVsbG8=\x07'],
];

export function sessionPlan(seed: number): SessionPlan {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  const noise = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, () => below(256)));
  /** All bytes there are, characters cut in two, whatever programs say. */
  const outputBytes = (): Buffer => {
    const length = below(20) === 0 ? 40_000 + below(260_000) : 1 + below(3000);
    const parts: Buffer[] = [];
    for (let made = 0; made < length; ) {
      const kind = below(4);
      const part =
        kind === 0
          ? noise(1 + below(length > 4000 ? 20_000 : 300))
          : kind === 1
            ? Buffer.from('漢字 é 👩‍👩‍👧‍👦 text\n'.repeat(1 + below(5))).subarray(below(3))
            : Buffer.from(one(spoken), kind === 2 ? 'utf8' : 'latin1');
      parts.push(part);
      made += part.length;
    }
    return Buffer.concat(parts);
  };
  const size = (): SessionPlan['size'] => {
    const [cols, rows] = one([
      [80, 24],
      [1, 1],
      [500, 200],
      [0, 0],
      [1 + below(300), 1 + below(100)],
      [120, 40],
    ] as const);
    return below(2) === 0 ? [cols, rows, 0, 0] : [cols, rows, cols * (5 + below(10)), rows * (10 + below(10))];
  };
  const mode = one(['raw', 'raw', 'node-raw', 'cooked'] as const);
  // a terminal that edits lines gives what it makes of the keys: there, only lines whose length is known are typed
  const typedStep = (): Pick<SessionStep, 'typed' | 'received'> => {
    if (mode === 'cooked') {
      const line = `${'typed line '.repeat(1 + below(8))}${below(1000)}\n`;
      return { typed: [Buffer.from(line).toString('base64')], received: line.length };
    }
    const typed = Array.from({ length: 1 + below(5) }, () =>
      below(3) === 0 ? noise(1 + below(below(15) === 0 ? 30_000 : 200)) : Buffer.from(one(answered), 'utf8'),
    );
    return {
      typed: typed.map((bytes) => bytes.toString('base64')),
      received: typed.reduce((sum, bytes) => sum + bytes.length, 0),
    };
  };
  // what changes how typed bytes come out would make their number unknown
  const changesInput = /^(igncr|min|time|eol|-icrnl|start|stop|lnext|inpck|kill|erase|intr|quit|eof)/;
  const stty = some(5, () => one(sttyWords)).filter((word) =>
    mode === 'cooked' ? !changesInput.test(word) : mode === 'raw' || word !== 'igncr',
  );
  const start = size();
  let last = start.join();
  const steps = Array.from({ length: 1 + below(4) }, (): SessionStep => {
    const step: SessionStep = {};
    if (below(5) > 0) {
      step.output = outputBytes().toString('base64');
      step.pieceBytes = 1 + below(below(2) === 0 ? 64 : 70_000);
      if (step.output.length > 20_000) step.pieceBytes = 1000 + below(70_000);
    }
    if (below(3) > 0) Object.assign(step, typedStep());
    if (below(4) === 0) {
      const next = size();
      if (next.join() !== last) {
        last = next.join();
        step.resize = next;
        step.size = [next[1], next[0], next[2], next[3]].join();
      }
    }
    return step;
  });
  return {
    seed,
    stty,
    size: start,
    mode,
    steps,
    last: outputBytes().toString('base64'),
    end: below(4) === 0 ? { signal: one(signals) } : { code: one([0, 0, 1, 2, 127, 128, 130, 255, below(256)]) },
  };
}
