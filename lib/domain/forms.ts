/** The first form of every project: ranking with ties, answers can be set aside. A change is a new FormVersion. */
export const rankingForm = { kind: 'RANKING', ties: true, aside: true } as const;
