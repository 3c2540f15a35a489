import { describe, expect, it } from 'vitest';
import type { PromptBox } from '../../../src/claude/session/prompt-box.ts';
import type { GateReason } from '../../../src/protocol/wire.ts';
import { pasteMessage } from '../../../src/runner/paste.ts';
import type { PasteSurface } from '../../../src/runner/paste-surface.ts';
import { verifies } from '../../requirements.ts';

const mark = '[claudex mabcdefghijkmnp2';
const text = `${mark} from x]\nhello`;
const enter = '\r';

/** How this claude behaves. Everything else it does as the real one. */
interface Behaviour {
  shut?: GateReason;
  /** What its prompt box says instead, at each look. */
  box?: (claude: FakeClaude) => PromptBox | undefined;
  notIdle?: (claude: FakeClaude) => GateReason | undefined;
  /** What Enter does, the first and every further one: `submit` if not said. */
  onEnter?: (claude: FakeClaude) => 'submit' | 'nothing' | 'silent';
  /** True for a paste that it loses (it is still starting). */
  swallows?: (claude: FakeClaude) => boolean;
  /** True while it has yet to draw what it has read. */
  runnable?: (claude: FakeClaude) => boolean;
  /** Called with each change that is waited for. */
  meanwhile?: (claude: FakeClaude) => void;
}

/** Claude with a prompt box: pastes and backspaces change it, Enter submits it. The clock goes when something is waited for. */
class FakeClaude implements PasteSurface {
  content = '';
  submitted: string[] = [];
  writes: string[] = [];
  isReserved = false;
  clock = 1000;
  busy = false;
  proven = false;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour = {}) {
    this.#behaviour = behaviour;
  }

  get enters(): number {
    return this.writes.filter((one) => one === enter).length;
  }
  get pastes(): number {
    return this.writes.filter((one) => one.startsWith('\x1b[200~')).length;
  }
  shutBecause = async () => this.#behaviour.shut;
  notIdle = () => this.#behaviour.notIdle?.(this) ?? (this.busy ? 'not-idle' : undefined);
  isBusy = () => this.busy;
  isReading = () => false;
  isRunnable = () => this.#behaviour.runnable?.(this) ?? false;
  isProven = () => this.proven;
  size = () => ({ cols: 80, rows: 24 });
  now = () => this.clock;
  readBox = async (): Promise<PromptBox> =>
    this.#behaviour.box?.(this) ??
    (this.content.trim() === '' ? { kind: 'empty' } : { kind: 'text', text: this.content.trim() });
  nextChange = async (timeoutMs: number) => {
    if (this.clock > 1_000_000) throw new Error('waited without end');
    this.clock += timeoutMs;
    this.#behaviour.meanwhile?.(this);
  };
  reserve = async <T>(type: (write: (bytes: Buffer) => void) => Promise<T>): Promise<T> => {
    expect(this.isReserved).toBe(false);
    this.isReserved = true;
    try {
      return await type((bytes) => this.#take(bytes.toString('utf8')));
    } finally {
      this.isReserved = false;
    }
  };

  #take(keys: string): void {
    expect(this.isReserved).toBe(true);
    this.writes.push(keys);
    if (keys === enter) {
      const does = this.#behaviour.onEnter?.(this) ?? 'submit';
      if (does === 'nothing') return;
      this.submitted.push(this.content.trim());
      this.content = '';
      this.busy = this.proven = does === 'submit';
    } else if (/^\x7f+$/.test(keys)) {
      this.content = this.content.slice(0, -keys.length);
    } else if (!this.#behaviour.swallows?.(this)) {
      this.content += keys.replace(/\x1b\[20[01]~/g, '');
    }
  }
}

async function paste(claude: FakeClaude, lefts: boolean[] = []) {
  let typed = 0;
  const outcome = await pasteMessage(claude, { text, mark, submit: () => Buffer.from(enter) }, (isLeft) => {
    typed++;
    lefts.push(isLeft);
  });
  expect(claude.isReserved).toBe(false);
  return { outcome, typed };
}

describe('paste: Enter only on what is seen to be ours alone', () => {
  it.each(['not-idle', 'unknown-state', 'typing', 'draft', 'unknown-box', 'suspended', 'no-submit'] as const)(
    `types nothing when the gate is shut: %s ${verifies('dialog')}`,
    async (shut) => {
      const claude = new FakeClaude({ shut });
      expect(await paste(claude)).toEqual({ outcome: shut, typed: 0 });
      expect(claude.writes).toEqual([]);
    },
  );

  it(`writes the paste, then Enter as a write of its own ${verifies('enter')}`, async () => {
    const claude = new FakeClaude();
    expect((await paste(claude)).outcome).toBe('proven');
    expect(claude.writes).toEqual([`\x1b[200~${text} \x1b[201~`, enter]);
    expect(claude.submitted).toEqual([text]);
  });

  it(`takes its text out again when something came up beside it, and leaves that ${verifies('draft')}`, async () => {
    const draft = 'my stashed draft';
    const claude = new FakeClaude({
      // claude puts a draft back in the moment in which the paste comes
      meanwhile: (own) => {
        if (own.pastes === 1 && !own.content.startsWith(draft) && own.content !== '') own.content = draft + own.content;
      },
    });
    expect((await paste(claude)).outcome).toBe('draft');
    expect(claude.enters).toBe(0);
    expect(claude.content).toBe(draft);
  });

  it(`does not press Enter into a dialog that came up after the paste, and does after it ${verifies('dialog', 'enter')}`, async () => {
    const claude = new FakeClaude({
      notIdle: ({ pastes, clock }) => (pastes > 0 && clock < 9000 ? 'not-idle' : undefined),
      box: ({ pastes, clock }) => (pastes > 0 && clock < 9000 ? { kind: 'unknown' } : undefined),
      onEnter: ({ clock }) => {
        expect(clock).toBeGreaterThan(9000);
        return 'submit';
      },
    });
    expect((await paste(claude)).outcome).toBe('proven');
    expect(claude.enters).toBe(1);
  });

  it(`gives the keys back to the person while a dialog is open ${verifies('keys-kept')}`, async () => {
    const reserved: boolean[] = [];
    const claude = new FakeClaude({
      notIdle: ({ pastes, clock }) => (pastes > 0 && clock < 9000 ? 'not-idle' : undefined),
      meanwhile: (own) => own.clock < 9000 && reserved.push(own.isReserved),
    });
    await paste(claude);
    expect(reserved.slice(1)).not.toContain(true);
  });

  it.each([1, 6])(
    `takes its text out again when claude begins to work on something before Enter, at look %d, and keeps the keys until then ${verifies('keys-kept', 'draft')}`,
    async (look) => {
      let looks = 0;
      const reserved: boolean[] = [];
      const claude = new FakeClaude({
        // claude has taken the person's prompt out of its box, and says only now that it works
        meanwhile: (own) => {
          if (own.pastes > 0 && ++looks === look) own.busy = true;
          if (own.content !== '') reserved.push(own.isReserved);
        },
        // drawn late
        box: () => (looks < 6 ? { kind: 'empty' } : undefined),
      });
      expect((await paste(claude)).outcome).toBe('not-idle');
      expect(claude.enters).toBe(0);
      expect(claude.content).toBe('');
      expect(reserved).not.toContain(false);
    },
  );

  it(`takes out what stands there when claude goes on working after a dialog ${verifies('draft')}`, async () => {
    const claude = new FakeClaude({
      notIdle: ({ pastes, clock }) => (pastes > 0 && clock < 9000 ? 'not-idle' : undefined),
      meanwhile: (own) => {
        own.busy = own.clock >= 9000 && own.clock < 60_000;
      },
    });
    expect((await paste(claude)).outcome).toBe('not-idle');
    expect(claude.clock).toBeLessThan(12_000);
    expect(claude.content).toBe('');
    expect(claude.enters).toBe(0);
  });

  it(`presses Enter after a dialog only when what was typed before is drawn ${verifies('draft')}`, async () => {
    const claude = new FakeClaude({
      notIdle: ({ pastes, clock }) => (pastes > 0 && clock < 9000 ? 'not-idle' : undefined),
      meanwhile: (own) => {
        // the key that has closed the dialog was followed by another, drawn 200 ms after that
        if (own.clock >= 9200 && own.content.trim() === text) own.content = `${text} k`;
        if (own.clock > 30_000) {
          own.content = '';
          own.proven = true;
        }
      },
    });
    expect((await paste(claude)).outcome).toBe('proven');
    expect(claude.enters).toBe(0);
  });

  it(`leaves our text to the person who has typed into it ${verifies('enter', 'draft')}`, async () => {
    const claude = new FakeClaude({
      notIdle: ({ pastes, clock }) => (pastes > 0 && clock < 5000 ? 'not-idle' : undefined),
      meanwhile: (own) => {
        if (own.clock > 4000 && own.content.trim() === text) own.content = `${text} and more`;
        if (own.clock > 20_000) {
          own.content = '';
          own.proven = true;
        }
      },
    });
    const lefts: boolean[] = [];
    expect((await paste(claude, lefts)).outcome).toBe('proven');
    expect(claude.enters).toBe(0);
    expect(lefts[0]).toBe(false);
    expect(lefts.slice(2)).toEqual(lefts.slice(2).map(() => true));
    expect(lefts.length).toBeGreaterThan(10);
  });
});

describe('paste: the keys wait until the submit has shown itself', () => {
  it(`holds the lane until the box lets go of the text ${verifies('keys-kept')}`, async () => {
    let enteredAt = 0;
    let heldUntil = 0;
    const claude = new FakeClaude({
      onEnter: (own) => {
        enteredAt = own.clock;
        return 'nothing';
      },
      meanwhile: (own) => {
        if (enteredAt > 0 && own.clock >= enteredAt + 300 && own.content !== '') {
          own.content = '';
          own.busy = true;
        }
        if (own.isReserved) heldUntil = own.clock;
        else own.proven = true;
      },
    });
    expect((await paste(claude)).outcome).toBe('proven');
    expect(heldUntil).toBeGreaterThanOrEqual(enteredAt + 300);
    expect(heldUntil).toBeLessThan(enteredAt + 600);
    expect(claude.enters).toBe(1);
  });

  it('is not deceived by a box that is being drawn', async () => {
    let looks = 0;
    const claude = new FakeClaude({
      onEnter: () => 'nothing',
      box: ({ enters, content }) => (enters > 0 && content !== '' && looks++ % 2 === 0 ? { kind: 'empty' } : undefined),
    });
    const outcome = paste(claude);
    expect((await outcome).outcome).toBe('no-submit');
    expect(claude.enters).toBe(2);
  });

  it(`gives Enter up after two, and takes its text out again ${verifies('enter')}`, async () => {
    const claude = new FakeClaude({ onEnter: () => 'nothing' });
    expect((await paste(claude)).outcome).toBe('no-submit');
    expect(claude.enters).toBe(2);
    expect(claude.content).toBe('');
  });

  it('takes out what Enter has made of it, too: a new line', async () => {
    const claude = new FakeClaude({
      onEnter: (own) => {
        own.content += '\n';
        return 'nothing';
      },
    });
    expect((await paste(claude)).outcome).toBe('no-submit');
    expect(claude.submitted).toEqual([]);
  });

  it(`presses a second Enter when the first did nothing ${verifies('enter')}`, async () => {
    const claude = new FakeClaude({ onEnter: ({ enters }) => (enters === 1 ? 'nothing' : 'submit') });
    expect((await paste(claude)).outcome).toBe('proven');
    expect(claude.enters).toBe(2);
  });

  it('presses none on a text that has come back after it was submitted: that is the person’s', async () => {
    const claude = new FakeClaude({
      onEnter: () => 'silent',
      meanwhile: (own) => {
        if (own.submitted.length === 1 && own.clock > 4000 && own.clock < 30_000) own.content = text;
        if (own.clock >= 30_000) own.content = '';
      },
    });
    expect((await paste(claude)).outcome).toBe('unproven');
    expect(claude.enters).toBe(1);
  });
});

describe('paste: what is not there', () => {
  it('pastes once more what a starting claude has swallowed', async () => {
    const claude = new FakeClaude({ swallows: ({ pastes }) => pastes === 1 });
    expect((await paste(claude)).outcome).toBe('proven');
    expect(claude.submitted).toEqual([text]);
  });

  it('gives up what is swallowed twice, with no Enter pressed', async () => {
    const claude = new FakeClaude({ swallows: () => true });
    expect((await paste(claude)).outcome).toBe('not-shown');
    expect(claude.pastes).toBe(2);
    expect(claude.enters).toBe(0);
  });

  it(`takes nothing for swallowed while claude works on what it has read, however slow its machine is ${verifies('exactly-once')}`, async () => {
    const drawnAt = 60_000;
    const claude = new FakeClaude({
      swallows: () => true,
      runnable: ({ clock }) => clock < drawnAt,
      meanwhile: (own) => {
        if (own.clock >= drawnAt && own.submitted.length === 0) own.content = text.repeat(own.pastes);
      },
    });
    expect((await paste(claude)).outcome).toBe('proven');
    expect(claude.pastes).toBe(1);
    expect(claude.submitted).toEqual([text]);
  });

  it('takes nothing for swallowed before claude has rested for a moment: it draws in steps', async () => {
    const claude = new FakeClaude({
      swallows: ({ pastes }) => pastes === 1,
      // a look in ten meets it at rest
      runnable: ({ clock }) => clock < 20_000 && clock % 500 !== 0,
    });
    expect((await paste(claude)).outcome).toBe('not-shown');
    expect(claude.clock).toBeGreaterThan(20_000);
    expect(claude.pastes).toBe(1);
  });

  it('presses no Enter when both come up after all', async () => {
    const claude = new FakeClaude({
      swallows: ({ pastes }) => pastes === 1,
      meanwhile: (own) => {
        if (own.pastes === 2 && own.content.trim() === text) own.content = text + text;
        if (own.clock > 60_000) own.content = '';
      },
    });
    expect((await paste(claude)).outcome).not.toBe('proven');
    expect(claude.enters).toBe(0);
  });

  it('presses no Enter on the first one while the second is still on its way to the screen', async () => {
    const drawnAfterMs = 2000;
    const pastedAt: number[] = [];
    const claude = new FakeClaude({
      swallows: (own) => pastedAt.push(own.clock) > 0,
      // a machine so slow that what has been read is drawn two seconds later
      meanwhile: (own) => {
        own.content = text.repeat(pastedAt.filter((at) => own.clock - at > drawnAfterMs).length);
        if (own.clock > 60_000) own.content = '';
      },
    });
    expect((await paste(claude)).outcome).not.toBe('proven');
    expect(claude.pastes).toBe(2);
    expect(claude.submitted).toEqual([]);
  });

  it('is unproven when the text has left the box and nobody has seen it', async () => {
    const claude = new FakeClaude({ onEnter: () => 'silent' });
    expect((await paste(claude)).outcome).toBe('unproven');
    expect(claude.enters).toBe(1);
  });

  it('does not give up while claude is busy with what may be our turn', async () => {
    const claude = new FakeClaude({
      onEnter: (own) => {
        own.busy = true;
        return 'silent';
      },
      notIdle: ({ enters, clock }) => (enters > 0 && clock < 60_000 ? 'not-idle' : undefined),
      meanwhile: (own) => {
        own.proven = own.clock > 50_000;
      },
    });
    expect((await paste(claude)).outcome).toBe('proven');
  });

  it('says again and again that the text may stand there', async () => {
    const claude = new FakeClaude({
      onEnter: () => 'silent',
      notIdle: ({ enters, clock }) => (enters > 0 && clock < 20_000 ? 'suspended' : undefined),
    });
    const lefts: boolean[] = [];
    expect((await paste(claude, lefts)).typed).toBeGreaterThan(15);
    expect(lefts).not.toContain(true);
  });
});
