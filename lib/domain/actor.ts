/** Who asks: a signed-in person, or one of our own processes (worker, command line). */
export type Actor =
  | { readonly kind: 'user'; readonly userId: string; readonly isSystemAdmin: boolean }
  | { readonly kind: 'system'; readonly name: string };

export function systemActor(name: string): Actor {
  return { kind: 'system', name };
}

/** The person's id for columns such as `createdById`; null where one of our own processes acted. */
export function actorUserId(actor: Actor): string | null {
  return actor.kind === 'user' ? actor.userId : null;
}
