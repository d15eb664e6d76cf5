/** How values are written wherever they stand: times of day count to 24. */
export const formats = {
  dateTime: { moment: { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' } },
} as const;
