-- CreateEnum
CREATE TYPE "AppealSubject" AS ENUM ('PAUSE', 'GOLD', 'QUALIFICATION');

-- CreateEnum
CREATE TYPE "AppealStatus" AS ENUM ('OPEN', 'UPHELD', 'REJECTED');

-- CreateEnum
CREATE TYPE "AttemptState" AS ENUM ('RUNNING', 'PASSED', 'FAILED', 'WAITING');

-- CreateEnum
CREATE TYPE "HintOutcome" AS ENUM ('KEPT', 'REVISED');

-- CreateEnum
CREATE TYPE "ReplyState" AS ENUM ('PENDING', 'DONE', 'FAILED');

-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "TaskKind" ADD VALUE 'PAIRWISE';
ALTER TYPE "TaskKind" ADD VALUE 'RATING';
ALTER TYPE "TaskKind" ADD VALUE 'DEMONSTRATION';
ALTER TYPE "TaskKind" ADD VALUE 'CORRECTION';
ALTER TYPE "TaskKind" ADD VALUE 'FLAGS';
ALTER TYPE "TaskKind" ADD VALUE 'SPAN';
ALTER TYPE "TaskKind" ADD VALUE 'CHAT';

-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "TaskPurpose" ADD VALUE 'TRAINING';
ALTER TYPE "TaskPurpose" ADD VALUE 'QUALIFICATION';
ALTER TYPE "TaskPurpose" ADD VALUE 'GOLD';
ALTER TYPE "TaskPurpose" ADD VALUE 'REPEAT';

-- AlterTable
ALTER TABLE "Project" ADD COLUMN     "labelingPolicy" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "Membership" ADD COLUMN     "dailyQuota" INTEGER,
ADD COLUMN     "guidelineReadId" TEXT,
ADD COLUMN     "languages" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "pauseReason" TEXT,
ADD COLUMN     "pausedAt" TIMESTAMP(3),
ADD COLUMN     "pausedByRule" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "payCents" INTEGER,
ADD COLUMN     "preferences" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "qualifiedAt" TIMESTAMP(3),
ADD COLUMN     "skills" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "totalQuota" INTEGER,
ADD COLUMN     "trainedAt" TIMESTAMP(3);

-- AlterTable
ALTER TABLE "FormVersion" ADD COLUMN     "createdById" TEXT;

-- AlterTable
ALTER TABLE "Task" ADD COLUMN     "authorIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "contentFlags" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "onlyUserId" TEXT,
ADD COLUMN     "poolId" TEXT,
ADD COLUMN     "sourceTaskId" TEXT,
ADD COLUMN     "spec" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "Slot" ADD COLUMN     "contentFlags" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "poolId" TEXT;

-- CreateTable
CREATE TABLE "TaskPool" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "skills" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "languages" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "qualifiedOnly" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "TaskPool_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "MembershipEvent" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "reason" TEXT,
    "data" JSONB NOT NULL DEFAULT '{}',
    "actorId" TEXT,
    "byRule" BOOLEAN NOT NULL DEFAULT false,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "MembershipEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Appeal" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "subject" "AppealSubject" NOT NULL,
    "subjectId" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "status" "AppealStatus" NOT NULL DEFAULT 'OPEN',
    "answer" TEXT,
    "decidedById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decidedAt" TIMESTAMP(3),

    CONSTRAINT "Appeal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "GoldAnswer" (
    "taskId" TEXT NOT NULL,
    "content" JSONB NOT NULL,
    "explanation" TEXT NOT NULL DEFAULT '',
    "maxExposures" INTEGER,
    "retiredAt" TIMESTAMP(3),
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "GoldAnswer_pkey" PRIMARY KEY ("taskId")
);

-- CreateTable
CREATE TABLE "AnnotationCheck" (
    "annotationId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "annotatorId" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "purpose" "TaskPurpose" NOT NULL,
    "guidelineId" TEXT NOT NULL,
    "agreement" DOUBLE PRECISION NOT NULL,
    "compared" INTEGER NOT NULL,
    "passed" BOOLEAN NOT NULL,
    "againstId" TEXT,
    "voidedAt" TIMESTAMP(3),
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "AnnotationCheck_pkey" PRIMARY KEY ("annotationId")
);

-- CreateTable
CREATE TABLE "QualificationTest" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "spec" JSONB NOT NULL,
    "taskIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "QualificationTest_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "QualificationAttempt" (
    "id" TEXT NOT NULL,
    "testId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "state" "AttemptState" NOT NULL DEFAULT 'RUNNING',
    "topics" JSONB NOT NULL DEFAULT '{}',
    "scores" JSONB NOT NULL DEFAULT '{}',
    "reason" TEXT,
    "startedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMP(3),

    CONSTRAINT "QualificationAttempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Review" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "reviewerId" TEXT NOT NULL,
    "judgement" JSONB NOT NULL,
    "judgedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decision" JSONB,
    "reason" TEXT,
    "errors" JSONB NOT NULL DEFAULT '[]',
    "decidedAt" TIMESTAMP(3),

    CONSTRAINT "Review_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TaskReport" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "reporterId" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "text" TEXT NOT NULL DEFAULT '',
    "resolution" TEXT,
    "resolvedById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolvedAt" TIMESTAMP(3),

    CONSTRAINT "TaskReport_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TaskMessage" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "annotatorId" TEXT NOT NULL,
    "authorId" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "readAt" TIMESTAMP(3),

    CONSTRAINT "TaskMessage_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SatisfactionAnswer" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "answers" JSONB NOT NULL,
    "text" TEXT NOT NULL DEFAULT '',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SatisfactionAnswer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ResponseScore" (
    "responseId" TEXT NOT NULL,
    "modelVersionId" TEXT NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "spread" DOUBLE PRECISION,
    "members" DOUBLE PRECISION[] DEFAULT ARRAY[]::DOUBLE PRECISION[],
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ResponseScore_pkey" PRIMARY KEY ("responseId","modelVersionId")
);

-- CreateTable
CREATE TABLE "RewardHint" (
    "annotationId" TEXT NOT NULL,
    "modelVersionId" TEXT NOT NULL,
    "probability" DOUBLE PRECISION NOT NULL,
    "pair" JSONB NOT NULL,
    "outcome" "HintOutcome",
    "reason" TEXT,
    "shownAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decidedAt" TIMESTAMP(3),

    CONSTRAINT "RewardHint_pkey" PRIMARY KEY ("annotationId")
);

-- CreateTable
CREATE TABLE "ChatSession" (
    "id" TEXT NOT NULL,
    "assignmentId" TEXT NOT NULL,
    "modelIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "seed" INTEGER NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ChatSession_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ChatTurn" (
    "id" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ChatTurn_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ChatReply" (
    "turnId" TEXT NOT NULL,
    "side" INTEGER NOT NULL,
    "state" "ReplyState" NOT NULL DEFAULT 'PENDING',
    "text" TEXT NOT NULL DEFAULT '',
    "tokenIds" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
    "reason" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMP(3),

    CONSTRAINT "ChatReply_pkey" PRIMARY KEY ("turnId","side")
);

-- CreateIndex
CREATE UNIQUE INDEX "TaskPool_projectId_name_key" ON "TaskPool"("projectId", "name");

-- CreateIndex
CREATE INDEX "MembershipEvent_projectId_userId_at_idx" ON "MembershipEvent"("projectId", "userId", "at");

-- CreateIndex
CREATE INDEX "Appeal_projectId_status_idx" ON "Appeal"("projectId", "status");

-- CreateIndex
CREATE INDEX "Appeal_userId_idx" ON "Appeal"("userId");

-- CreateIndex
CREATE INDEX "AnnotationCheck_projectId_annotatorId_at_idx" ON "AnnotationCheck"("projectId", "annotatorId", "at");

-- CreateIndex
CREATE UNIQUE INDEX "QualificationTest_projectId_version_key" ON "QualificationTest"("projectId", "version");

-- CreateIndex
CREATE INDEX "QualificationAttempt_projectId_userId_idx" ON "QualificationAttempt"("projectId", "userId");

-- CreateIndex
CREATE INDEX "Review_projectId_decidedAt_idx" ON "Review"("projectId", "decidedAt");

-- CreateIndex
CREATE UNIQUE INDEX "Review_taskId_reviewerId_key" ON "Review"("taskId", "reviewerId");

-- CreateIndex
CREATE INDEX "TaskReport_projectId_resolvedAt_idx" ON "TaskReport"("projectId", "resolvedAt");

-- CreateIndex
CREATE INDEX "TaskMessage_projectId_createdAt_idx" ON "TaskMessage"("projectId", "createdAt");

-- CreateIndex
CREATE INDEX "TaskMessage_annotatorId_taskId_idx" ON "TaskMessage"("annotatorId", "taskId");

-- CreateIndex
CREATE INDEX "SatisfactionAnswer_projectId_createdAt_idx" ON "SatisfactionAnswer"("projectId", "createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "ChatSession_assignmentId_key" ON "ChatSession"("assignmentId");

-- CreateIndex
CREATE UNIQUE INDEX "ChatTurn_sessionId_ordinal_key" ON "ChatTurn"("sessionId", "ordinal");

-- CreateIndex
CREATE INDEX "Task_projectId_purpose_idx" ON "Task"("projectId", "purpose");

-- CreateIndex
CREATE INDEX "Task_sourceTaskId_idx" ON "Task"("sourceTaskId");

-- AddForeignKey
ALTER TABLE "Task" ADD CONSTRAINT "Task_poolId_fkey" FOREIGN KEY ("poolId") REFERENCES "TaskPool"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TaskPool" ADD CONSTRAINT "TaskPool_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "GoldAnswer" ADD CONSTRAINT "GoldAnswer_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AnnotationCheck" ADD CONSTRAINT "AnnotationCheck_annotationId_fkey" FOREIGN KEY ("annotationId") REFERENCES "Annotation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "QualificationAttempt" ADD CONSTRAINT "QualificationAttempt_testId_fkey" FOREIGN KEY ("testId") REFERENCES "QualificationTest"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Review" ADD CONSTRAINT "Review_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TaskReport" ADD CONSTRAINT "TaskReport_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TaskMessage" ADD CONSTRAINT "TaskMessage_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ResponseScore" ADD CONSTRAINT "ResponseScore_responseId_fkey" FOREIGN KEY ("responseId") REFERENCES "Response"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RewardHint" ADD CONSTRAINT "RewardHint_annotationId_fkey" FOREIGN KEY ("annotationId") REFERENCES "Annotation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChatSession" ADD CONSTRAINT "ChatSession_assignmentId_fkey" FOREIGN KEY ("assignmentId") REFERENCES "Assignment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChatTurn" ADD CONSTRAINT "ChatTurn_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "ChatSession"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChatReply" ADD CONSTRAINT "ChatReply_turnId_fkey" FOREIGN KEY ("turnId") REFERENCES "ChatTurn"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- ---------------------------------------------------------------------------------------------------------------------------------
-- What the schema language cannot say.

CREATE TRIGGER "MembershipEvent_append_only" BEFORE UPDATE OR DELETE ON "MembershipEvent"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change_of_history"();
ALTER TABLE "AnnotationCheck" ADD CONSTRAINT "AnnotationCheck_agreement_is_a_share" CHECK ("agreement" >= 0 AND "agreement" <= 1 AND "compared" >= 0);
ALTER TABLE "GoldAnswer" ADD CONSTRAINT "GoldAnswer_exposures_not_negative" CHECK ("maxExposures" IS NULL OR "maxExposures" >= 0);
ALTER TABLE "ChatReply" ADD CONSTRAINT "ChatReply_side_is_a_or_b" CHECK ("side" IN (0, 1));
ALTER TABLE "RewardHint" ADD CONSTRAINT "RewardHint_probability_is_one" CHECK ("probability" >= 0 AND "probability" <= 1);
