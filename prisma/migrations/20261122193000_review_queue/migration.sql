-- AlterTable
ALTER TABLE "Task" ADD COLUMN "disagreement" DOUBLE PRECISION,
ADD COLUMN "surprise" DOUBLE PRECISION;

-- What reviewers look at first.
CREATE INDEX "Task_disagreement_idx" ON "Task" ("projectId", "disagreement" DESC) WHERE "disagreement" IS NOT NULL;
CREATE INDEX "Task_surprise_idx" ON "Task" ("projectId", "surprise" DESC) WHERE "surprise" IS NOT NULL;
ALTER TABLE "Task" ADD CONSTRAINT "Task_disagreement_is_a_share" CHECK ("disagreement" IS NULL OR ("disagreement" >= 0 AND "disagreement" <= 1));
