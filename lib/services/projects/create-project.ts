import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { hashJson, sha256Hex } from '#lib/domain/canonical-json';
import { rankingForm } from '#lib/domain/forms';
import { storableText } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authoriseSystem } from '#lib/services/people/authorise';

const slugSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/, 'small letters, digits and hyphens');

export const createProjectInput = z.strictObject({
  name: storableText.trim().min(1).max(100),
  /** Part of the address; made from the name where left out. */
  slug: slugSchema.optional(),
  description: storableText.trim().max(2000).default(''),
  /** First text for the annotators; can be changed at any time, each change is a new version. */
  guideline: storableText.trim().max(100_000).optional(),
});

const firstGuideline = `Rank the answers from best to worst.

Give two answers the same place when you cannot tell which is better: a tie says more than a guess.
Set an answer aside when it cannot be judged, for example because it is empty or not in a language you read.`;

/**
 * A project with its first guideline and its ranking form; who makes it becomes ADMIN, RESEARCHER and ANNOTATOR of it.
 * @throws AppError FORBIDDEN for who is no system admin; CONFLICT where the slug is taken
 */
export async function createProject(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof createProjectInput>,
): Promise<{ projectId: string; slug: string }> {
  const { name, slug: wished, description, guideline } = createProjectInput.parse(input);
  await authoriseSystem(deps, actor, 'project.create');
  const createdById = actorUserId(actor);
  const text = guideline || firstGuideline;
  return deps.db.$transaction(async (tx) => {
    // One after the other, so that two projects of one name get two slugs.
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended('project-slug', 0))`;
    const taken = async (slug: string) => (await tx.project.count({ where: { slug } })) > 0;
    if (wished && (await taken(wished))) {
      throw new AppError('CONFLICT', `There is a project with the address "${wished}".`, {
        details: { field: 'slug' },
        remedy: 'Choose another.',
      });
    }
    const base = wished ?? slugOf(name);
    let slug = base;
    for (let number = 2; await taken(slug); number += 1) slug = `${base}-${number}`;
    const { id: projectId } = await tx.project.create({
      data: { name, slug, description, createdById, createdAt: deps.clock.now() },
      select: { id: true },
    });
    await tx.guideline.create({ data: { projectId, version: 1, text, contentHash: sha256Hex(text), createdById } });
    await tx.formVersion.create({
      data: { projectId, version: 1, kind: 'RANKING', spec: rankingForm, contentHash: hashJson(rankingForm) },
    });
    if (createdById) {
      await tx.membership.create({ data: { projectId, userId: createdById, roles: ['ADMIN', 'RESEARCHER', 'ANNOTATOR'] } });
    }
    return { projectId, slug };
  });
}

/** Letters without marks, the rest as hyphens; a name without any such letter becomes "project". */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');
  return slug || 'project';
}
