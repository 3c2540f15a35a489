/** Which ways in a claude version offers. Versions: facts section 3, measured on 2.1.197 and 2.1.330. */

export interface Capabilities {
  /** A Stop hook's additionalContext continues the turn without an error line (2.1.163). */
  stopAdditionalContext: boolean;
  /** An asyncRewake hook that exits 2 starts a turn (about 2.1.107). */
  asyncRewake: boolean;
}

/** Dotted versions compared number by number; unknown counts as new. */
export function isAtLeast(version: string | null, wanted: string): boolean {
  if (version === null) return true;
  const have = version.split('.').map((part) => Number.parseInt(part, 10));
  const need = wanted.split('.').map(Number);
  for (let index = 0; index < need.length; index++) {
    const difference = (have[index] ?? 0) - need[index]!;
    if (Number.isNaN(difference)) return true;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function capabilitiesOf(version: string | null): Capabilities {
  return {
    stopAdditionalContext: isAtLeast(version, '2.1.163'),
    asyncRewake: isAtLeast(version, '2.1.107'),
  };
}
