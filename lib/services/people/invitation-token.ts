import { randomBytes } from 'node:crypto';
import { sha256Hex } from '#lib/domain/canonical-json';

/** 256 random bits; only their hash is stored, so that a copy of the database opens no door. */
export function createToken(): { token: string; tokenHash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, tokenHash: hashToken(token) };
}

export function hashToken(token: string): string {
  return sha256Hex(token);
}

/** An invitation of a member is good for a week; the first admin's link for a day, a new start makes a new one. */
export const memberInvitationMs = 7 * 24 * 3600_000;
export const firstAdminInvitationMs = 24 * 3600_000;

export interface CreatedInvitation {
  readonly invitationId: string;
  /** Shown once; the link is `/join/<token>`. */
  readonly token: string;
  readonly expiresAt: Date;
}
