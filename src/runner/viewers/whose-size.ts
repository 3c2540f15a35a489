/** Which viewer decides how large claude's screen is. Pure. */
import type { FrameSize } from '../../protocol/frames.ts';

export interface SizedViewer {
  readOnly: boolean;
  size: FrameSize;
  /** When it last typed, attached, or changed its size; of the steady clock or a counter. */
  lastActive: number;
}

/** The size of whoever wrote last; viewers that only look never count. Undefined when nobody writes: the size stays. */
export function decidedSize(viewers: Iterable<SizedViewer>): FrameSize | undefined {
  let last: SizedViewer | undefined;
  for (const viewer of viewers) {
    if (viewer.readOnly || viewer.size.cols < 1 || viewer.size.rows < 1) continue;
    if (!last || viewer.lastActive > last.lastActive) last = viewer;
  }
  return last?.size;
}
