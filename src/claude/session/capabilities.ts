import { isAtLeast } from '../../home/package.ts';

/** Which ways in a claude version offers. Versions: facts section 3, measured on 2.1.197 and 2.1.330. */

export interface Capabilities {
  /** A Stop hook's additionalContext continues the turn without an error line (2.1.163). */
  stopAdditionalContext: boolean;
}

export function capabilitiesOf(version: string | null): Capabilities {
  return {
    stopAdditionalContext: isAtLeast(version, '2.1.163'),
  };
}
