/** What of an error a device is told: which sessions there are is for those that may see them. */
import { ClaudexError, type ErrorCode } from '../errors/claudex-error.ts';
import type { Device } from './devices.ts';

/** Their facts name other sessions and folders. */
const namesSessions: readonly ErrorCode[] = ['NO_SUCH_SESSION', 'AMBIGUOUS_TARGET', 'NAME_TAKEN', 'CONVERSATION_OPEN'];

export function toldError(thrown: unknown, { scopes }: Pick<Device, 'scopes'>): unknown {
  const hides = thrown instanceof ClaudexError && namesSessions.includes(thrown.code) && !scopes.includes('view');
  return hides ? new ClaudexError(thrown.code, '', { cause: thrown }) : thrown;
}
