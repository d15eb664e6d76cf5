import { z } from 'zod';

/** What a project's ranking form is composed of; a change is a new FormVersion. */
export const rankingFormSchema = z.object({
  kind: z.literal('RANKING'),
  ties: z.boolean(),
  aside: z.boolean(),
});

export type RankingForm = z.infer<typeof rankingFormSchema>;

/** The first form of every project: ranking with ties, answers can be set aside. */
export const rankingForm: RankingForm = { kind: 'RANKING', ties: true, aside: true };
