import { describe, expect, it } from 'vitest';
import type { PromptBox } from '../../../src/claude/session/prompt-box.ts';
import type { GateReason } from '../../../src/protocol/wire.ts';
import { type PasteSurface, pasteMessage } from '../../../src/runner/paste.ts';
import { verifies } from '../../requirements.ts';

const mark = '[claudex mabcdefghijkmnp2';
const text = `${mark} from x]\nhello`;
const pasted = `\x1b[200~${text}\x1b[201~`;
const ours: PromptBox = { kind: 'text', text };

interface Given {
  shut?: GateReason;
  /** What claude says of itself, asked before and after each Enter. */
  notIdle?: (surface: FakeSurface) => GateReason | undefined;
  box?: (surface: FakeSurface) => PromptBox;
  provenAfter?: (surface: FakeSurface) => boolean;
}

/** A supervisor of words: what it is asked is answered from `given`, what is written is kept. */
class FakeSurface implements PasteSurface {
  writes: string[] = [];
  isReserved = false;
  clock = 1000;
  lastKeyAt = 0;
  looks = 0;
  readonly #given: Given;

  constructor(given: Given = {}) {
    this.#given = given;
  }

  get enters(): number {
    return this.writes.filter((one) => one === '\r').length;
  }
  shutBecause = async () => this.#given.shut;
  notIdle = () => this.#given.notIdle?.(this);
  readBox = async () => {
    this.looks++;
    if (this.looks > 50) throw new Error('looked at the box without end');
    return this.#given.box?.(this) ?? ours;
  };
  reserve = async <T>(type: (write: (bytes: Buffer) => void) => Promise<T>): Promise<T> => {
    expect(this.isReserved).toBe(false);
    this.isReserved = true;
    try {
      return await type((bytes) => {
        expect(this.isReserved).toBe(true);
        this.writes.push(bytes.toString('utf8'));
      });
    } finally {
      this.isReserved = false;
    }
  };
  nextOutput = async (timeoutMs: number) => {
    this.clock += timeoutMs;
  };
  proof = async (timeoutMs: number) => {
    this.clock += timeoutMs;
    return this.#given.provenAfter?.(this) ?? false;
  };
  keysSince = (since: number) => this.lastKeyAt > since;
  delay = async (ms: number) => {
    this.clock += ms;
  };
  now = () => this.clock;
}

async function paste(surface: FakeSurface) {
  let typed = 0;
  const outcome = await pasteMessage(surface, text, mark, () => typed++);
  return { outcome, typed };
}

describe('paste', () => {
  it.each(['not-idle', 'unknown-state', 'typing', 'draft', 'suspended', 'busy-lane'] as const)(
    `types nothing when the gate is shut: %s ${verifies('dialog')}`,
    async (shut) => {
      const surface = new FakeSurface({ shut });
      expect(await paste(surface)).toEqual({ outcome: shut, typed: 0 });
      expect(surface.writes).toEqual([]);
    },
  );

  it(`writes the paste, then Enter as a write of its own ${verifies('enter')}`, async () => {
    const surface = new FakeSurface({ provenAfter: ({ enters }) => enters === 1 });
    expect(await paste(surface)).toEqual({ outcome: 'proven', typed: 1 });
    expect(surface.writes).toEqual([pasted, '\r']);
    expect(surface.isReserved).toBe(false);
  });

  it(`does not press Enter into a dialog that came up after the paste ${verifies('dialog', 'enter')}`, async () => {
    const surface = new FakeSurface({
      notIdle: ({ writes, looks }) => (writes.length > 0 && looks < 4 ? 'not-idle' : undefined),
      box: ({ looks }) => (looks < 4 ? { kind: 'unknown' } : ours),
      provenAfter: ({ enters }) => enters === 1,
    });
    const pasting = paste(surface);
    expect(await pasting).toMatchObject({ outcome: 'proven' });
    // one Enter, and only after the dialog had gone
    expect(surface.writes).toEqual([pasted, '\r']);
    expect(surface.looks).toBeGreaterThanOrEqual(4);
  });

  it(`presses Enter again only while our text stands in the box ${verifies('enter')}`, async () => {
    const surface = new FakeSurface({ provenAfter: ({ enters }) => enters === 3 });
    expect(await paste(surface)).toMatchObject({ outcome: 'proven', typed: 3 });
    expect(surface.writes).toEqual([pasted, '\r', '\r', '\r']);
  });

  it.each<[string, PromptBox]>([
    ['unknown', { kind: 'unknown' }],
    ['another text', { kind: 'text', text: 'the person’s own' }],
    ['a text that quotes our mark', { kind: 'text', text: `see ${mark}` }],
  ])(`presses no second Enter when the box holds %s ${verifies('enter')}`, async (_, box) => {
    const surface = new FakeSurface({ box: () => box, provenAfter: ({ looks }) => looks === 10 });
    expect(await paste(surface)).toMatchObject({ outcome: 'proven' });
    expect(surface.writes).toEqual([pasted, '\r']);
  });

  it(`presses no second Enter while claude is busy or asks something ${verifies('enter', 'dialog')}`, async () => {
    const surface = new FakeSurface({
      notIdle: ({ enters }) => (enters > 0 ? 'not-idle' : undefined),
      provenAfter: ({ looks }) => looks === 10,
    });
    await paste(surface);
    expect(surface.enters).toBe(1);
  });

  it(`leaves our text to the person who has typed into it ${verifies('enter', 'draft')}`, async () => {
    const surface = new FakeSurface({
      box: (own) => {
        own.lastKeyAt = own.clock;
        return ours;
      },
      provenAfter: ({ looks }) => looks === 10,
    });
    expect(await paste(surface)).toMatchObject({ outcome: 'proven' });
    expect(surface.enters).toBe(1);
  });

  it('takes a fold of a long paste for ours', async () => {
    const surface = new FakeSurface({
      box: () => ({ kind: 'text', text: '[Pasted text #1 +40 lines]' }),
      provenAfter: ({ enters }) => enters === 2,
    });
    expect(await paste(surface)).toMatchObject({ outcome: 'proven' });
  });

  it('gives up when the text has left the box and nobody has seen it', async () => {
    const surface = new FakeSurface({ box: () => ({ kind: 'empty' }) });
    expect(await paste(surface)).toEqual({ outcome: 'given-up', typed: 1 });
    expect(surface.writes).toEqual([pasted, '\r']);
  });

  it('does not give up while claude is busy with what may be our turn', async () => {
    const surface = new FakeSurface({
      box: () => ({ kind: 'empty' }),
      notIdle: ({ enters }) => (enters > 0 ? 'not-idle' : undefined),
      provenAfter: ({ looks }) => looks === 12,
    });
    expect(await paste(surface)).toMatchObject({ outcome: 'proven' });
  });

  it('does not give up on a claude that is stopped after the last look', async () => {
    let wasStopped = false;
    const surface = new FakeSurface({
      box: () => ({ kind: 'empty' }),
      // asked before the last wait for proof, and after it
      notIdle: ({ looks, clock }) => {
        if (looks !== 1 || clock < 3000) return undefined;
        wasStopped = true;
        return 'suspended';
      },
      provenAfter: ({ looks }) => looks === 2,
    });
    expect(await paste(surface)).toMatchObject({ outcome: 'proven' });
    expect(wasStopped).toBe(true);
  });

  it('a proof that comes with the last look still counts', async () => {
    const surface = new FakeSurface({ box: () => ({ kind: 'empty' }), provenAfter: ({ looks }) => looks === 1 });
    expect(await paste(surface)).toMatchObject({ outcome: 'proven' });
  });
});
