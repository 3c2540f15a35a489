/** Where a browser offers no Web Push: why, and what to do. */

/** Undefined where it can be had. */
export function whyNoPush(here: { isSecure: boolean; hasPush: boolean; isApple: boolean }): string | undefined {
  if (!here.isSecure) return 'It takes https or localhost, and this page came over plain http.';
  if (here.hasPush) return undefined;
  return here.isApple
    ? 'Add this page to the home screen first (Share, Add to Home Screen), and open it from there.'
    : 'This browser has none.';
}
