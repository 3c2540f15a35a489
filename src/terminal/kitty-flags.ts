/** Kitty keyboard flags: those pushed and not popped, the oldest first; and those set without a push. */
export class KittyFlags {
  pushed: number[] = [];
  set = 0;

  get anyOn(): boolean {
    return this.pushed.length > 0 || this.set > 0;
  }

  undo(): string {
    return (this.pushed.length > 0 ? `\x1b[<${this.pushed.length}u` : '') + (this.set > 0 ? '\x1b[=0u' : '');
  }

  redo(): string {
    return this.pushed.map((flags) => `\x1b[>${flags}u`).join('') + (this.set > 0 ? `\x1b[=${this.set}u` : '');
  }
}
