/** Times in a message between machines: on its way by the clock of the mesh's server, because those of machines may be hours apart. Pure. */

/** @param body a message's @param byMs what is added to each of its times */
export function shiftTimes(body: unknown, byMs: number): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { notBefore, expiresAt } = body as { notBefore?: unknown; expiresAt?: unknown };
  const shifted = (at: unknown): unknown => (typeof at === 'number' ? Math.max(0, Math.round(at + byMs)) : at);
  return {
    ...body,
    ...(notBefore !== undefined && { notBefore: shifted(notBefore) }),
    ...(expiresAt !== undefined && { expiresAt: shifted(expiresAt) }),
  };
}
