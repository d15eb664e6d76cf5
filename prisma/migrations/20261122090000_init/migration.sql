-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('ANNOTATOR', 'REVIEWER', 'RESEARCHER', 'ADMIN');

-- CreateEnum
CREATE TYPE "UserKind" AS ENUM ('PERSON', 'SIMULATED');

-- CreateEnum
CREATE TYPE "InvitationKind" AS ENUM ('FIRST_ADMIN', 'MEMBER');

-- CreateEnum
CREATE TYPE "ResponseOrigin" AS ENUM ('MODEL', 'PERSON', 'IMPORT');

-- CreateEnum
CREATE TYPE "TaskKind" AS ENUM ('RANKING');

-- CreateEnum
CREATE TYPE "TaskPurpose" AS ENUM ('LABELING', 'EVALUATION');

-- CreateEnum
CREATE TYPE "TaskStatus" AS ENUM ('OPEN', 'DONE', 'CANCELLED');

-- CreateEnum
CREATE TYPE "SlotState" AS ENUM ('FREE', 'LEASED', 'FILLED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "Split" AS ENUM ('TRAIN', 'VALIDATION', 'TEST');

-- CreateEnum
CREATE TYPE "ModelKind" AS ENUM ('POLICY', 'REWARD', 'VALUE');

-- CreateEnum
CREATE TYPE "RunKind" AS ENUM ('GENERATION', 'REWARD_TRAINING', 'POLICY_TRAINING', 'EVALUATION');

-- CreateEnum
CREATE TYPE "RunStatus" AS ENUM ('QUEUED', 'RUNNING', 'PAUSED', 'FAILED', 'CANCELLED', 'DONE');

-- CreateEnum
CREATE TYPE "Device" AS ENUM ('CPU', 'GPU');

-- CreateEnum
CREATE TYPE "RoundStage" AS ENUM ('SAMPLING', 'LABELING', 'FREEZING', 'REWARD_TRAINING', 'REWARD_GATE', 'POLICY_TRAINING', 'EVALUATION', 'DECISION');

-- CreateEnum
CREATE TYPE "StageStatus" AS ENUM ('RUNNING', 'WAITING', 'PAUSED', 'FAILED', 'CANCELLED', 'DONE');

-- CreateEnum
CREATE TYPE "RoundOutcome" AS ENUM ('PROMOTED', 'REJECTED', 'STOPPED');

-- CreateEnum
CREATE TYPE "EdgeKind" AS ENUM ('TRAINED_ON', 'INITIALISED_FROM', 'SCORED_BY', 'GENERATED_BY', 'SELECTED_BY');

-- CreateEnum
CREATE TYPE "NodeKind" AS ENUM ('SNAPSHOT', 'RUN', 'CHECKPOINT', 'MODEL_VERSION', 'RESPONSE');

-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "kind" "UserKind" NOT NULL DEFAULT 'PERSON',
    "email" TEXT NOT NULL,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "name" TEXT NOT NULL,
    "image" TEXT,
    "isSystemAdmin" BOOLEAN NOT NULL DEFAULT false,
    "locale" TEXT,
    "disabledAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Account" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accessToken" TEXT,
    "refreshToken" TEXT,
    "idToken" TEXT,
    "accessTokenExpiresAt" TIMESTAMP(3),
    "refreshTokenExpiresAt" TIMESTAMP(3),
    "scope" TEXT,
    "password" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RateLimit" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "lastRequest" BIGINT NOT NULL,

    CONSTRAINT "RateLimit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Invitation" (
    "id" TEXT NOT NULL,
    "kind" "InvitationKind" NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "projectId" TEXT,
    "roles" "Role"[],
    "email" TEXT,
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "acceptedAt" TIMESTAMP(3),
    "acceptedById" TEXT,
    "revokedAt" TIMESTAMP(3),

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Project" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Project_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Membership" (
    "projectId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "roles" "Role"[],
    "pseudonym" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Membership_pkey" PRIMARY KEY ("projectId","userId")
);

-- CreateTable
CREATE TABLE "Guideline" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "contentHash" TEXT NOT NULL,
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Guideline_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "FormVersion" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "kind" "TaskKind" NOT NULL,
    "spec" JSONB NOT NULL,
    "contentHash" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "FormVersion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Dataset" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "sourceName" TEXT,
    "sourceHash" TEXT,
    "taken" INTEGER NOT NULL DEFAULT 0,
    "duplicates" INTEGER NOT NULL DEFAULT 0,
    "rejected" INTEGER NOT NULL DEFAULT 0,
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Dataset_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Prompt" (
    "id" TEXT NOT NULL,
    "datasetId" TEXT NOT NULL,
    "messages" JSONB NOT NULL,
    "contentHash" TEXT NOT NULL,
    "salt" TEXT NOT NULL,
    "saltedHash" TEXT NOT NULL,
    "splitKey" TEXT NOT NULL,
    "split" "Split" NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Prompt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Response" (
    "id" TEXT NOT NULL,
    "promptId" TEXT NOT NULL,
    "origin" "ResponseOrigin" NOT NULL,
    "text" TEXT NOT NULL,
    "tokenIds" INTEGER[],
    "salt" TEXT NOT NULL,
    "saltedHash" TEXT NOT NULL,
    "modelVersionId" TEXT,
    "runId" TEXT,
    "sampleIndex" INTEGER,
    "seed" BIGINT,
    "sampling" JSONB,
    "finishReason" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Response_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Task" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "roundId" TEXT,
    "promptId" TEXT NOT NULL,
    "kind" "TaskKind" NOT NULL,
    "purpose" "TaskPurpose" NOT NULL,
    "guidelineId" TEXT NOT NULL,
    "formVersionId" TEXT NOT NULL,
    "status" "TaskStatus" NOT NULL DEFAULT 'OPEN',
    "priority" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TaskResponse" (
    "taskId" TEXT NOT NULL,
    "responseId" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "TaskResponse_pkey" PRIMARY KEY ("taskId","responseId")
);

-- CreateTable
CREATE TABLE "Slot" (
    "id" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "state" "SlotState" NOT NULL DEFAULT 'FREE',
    "annotatorId" TEXT,
    "leaseExpiresAt" TIMESTAMP(3),
    "liveAnnotationId" TEXT,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Slot_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Assignment" (
    "id" TEXT NOT NULL,
    "slotId" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "annotatorId" TEXT NOT NULL,
    "displayOrder" TEXT[],
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "heartbeatAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "releasedAt" TIMESTAMP(3),
    "submittedAt" TIMESTAMP(3),
    "skipReason" TEXT,
    "draft" JSONB,
    "draftSavedAt" TIMESTAMP(3),

    CONSTRAINT "Assignment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Annotation" (
    "id" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "slotId" TEXT,
    "assignmentId" TEXT,
    "annotatorId" TEXT NOT NULL,
    "kind" "TaskKind" NOT NULL,
    "content" JSONB NOT NULL,
    "contentHash" TEXT NOT NULL,
    "schemaVersion" INTEGER NOT NULL,
    "guidelineId" TEXT NOT NULL,
    "formVersionId" TEXT NOT NULL,
    "displayOrder" TEXT[],
    "idempotencyKey" TEXT NOT NULL,
    "surplus" BOOLEAN NOT NULL DEFAULT false,
    "supersedesId" TEXT,
    "withdrawsId" TEXT,
    "activeMs" INTEGER NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Annotation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Snapshot" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "loopId" TEXT,
    "roundId" TEXT,
    "hash" TEXT NOT NULL,
    "artifact" TEXT NOT NULL,
    "card" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Snapshot_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SnapshotAnnotation" (
    "snapshotId" TEXT NOT NULL,
    "annotationId" TEXT NOT NULL,
    "split" "Split" NOT NULL,
    "ordinal" INTEGER NOT NULL,

    CONSTRAINT "SnapshotAnnotation_pkey" PRIMARY KEY ("snapshotId","annotationId")
);

-- CreateTable
CREATE TABLE "ModelVersion" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" "ModelKind" NOT NULL,
    "family" TEXT NOT NULL,
    "parameterCount" INTEGER NOT NULL,
    "contextLength" INTEGER NOT NULL,
    "vocabularySize" INTEGER NOT NULL,
    "files" JSONB NOT NULL,
    "weightsHash" TEXT NOT NULL,
    "card" JSONB NOT NULL,
    "runId" TEXT,
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ModelVersion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Run" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "roundId" TEXT,
    "kind" "RunKind" NOT NULL,
    "status" "RunStatus" NOT NULL DEFAULT 'QUEUED',
    "config" JSONB NOT NULL,
    "inputs" JSONB NOT NULL,
    "inputHashes" JSONB NOT NULL,
    "seed" INTEGER NOT NULL,
    "device" "Device" NOT NULL DEFAULT 'CPU',
    "memoryBytes" BIGINT,
    "engine" JSONB,
    "threads" INTEGER,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "step" INTEGER NOT NULL DEFAULT 0,
    "totalSteps" INTEGER,
    "phase" TEXT,
    "reason" TEXT,
    "reasonCode" TEXT,
    "resumable" BOOLEAN NOT NULL DEFAULT true,
    "cancelRequested" BOOLEAN NOT NULL DEFAULT false,
    "pauseRequested" BOOLEAN NOT NULL DEFAULT false,
    "workerId" TEXT,
    "heartbeatAt" TIMESTAMP(3),
    "peakMemory" BIGINT,
    "result" JSONB,
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "startedAt" TIMESTAMP(3),
    "finishedAt" TIMESTAMP(3),

    CONSTRAINT "Run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RunMetric" (
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL,
    "values" JSONB NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "RunMetric_pkey" PRIMARY KEY ("runId","step")
);

-- CreateTable
CREATE TABLE "RunSample" (
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "promptId" TEXT NOT NULL,
    "sampleIndex" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "scores" JSONB NOT NULL,

    CONSTRAINT "RunSample_pkey" PRIMARY KEY ("runId","step","promptId","sampleIndex")
);

-- CreateTable
CREATE TABLE "RunEvent" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "code" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "RunEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Checkpoint" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL,
    "files" JSONB NOT NULL,
    "pinned" BOOLEAN NOT NULL DEFAULT false,
    "best" BOOLEAN NOT NULL DEFAULT false,
    "prunedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Checkpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Artifact" (
    "sha256" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Artifact_pkey" PRIMARY KEY ("sha256")
);

-- CreateTable
CREATE TABLE "LineageEdge" (
    "fromKind" "NodeKind" NOT NULL,
    "fromId" TEXT NOT NULL,
    "toKind" "NodeKind" NOT NULL,
    "toId" TEXT NOT NULL,
    "kind" "EdgeKind" NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "LineageEdge_pkey" PRIMARY KEY ("toKind","toId","kind","fromKind","fromId")
);

-- CreateTable
CREATE TABLE "Loop" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "referenceId" TEXT NOT NULL,
    "datasetId" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "status" "StageStatus" NOT NULL DEFAULT 'RUNNING',
    "reason" TEXT,
    "createdById" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMP(3),

    CONSTRAINT "Loop_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Round" (
    "id" TEXT NOT NULL,
    "loopId" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "stage" "RoundStage" NOT NULL DEFAULT 'SAMPLING',
    "status" "StageStatus" NOT NULL DEFAULT 'RUNNING',
    "reason" TEXT,
    "reasonCode" TEXT,
    "resumable" BOOLEAN NOT NULL DEFAULT true,
    "initPolicyId" TEXT NOT NULL,
    "rewardModelId" TEXT,
    "candidateId" TEXT,
    "snapshotId" TEXT,
    "outcome" "RoundOutcome",
    "stageEnteredAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMP(3),

    CONSTRAINT "Round_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RoundTransition" (
    "id" TEXT NOT NULL,
    "roundId" TEXT NOT NULL,
    "fromStage" "RoundStage",
    "fromStatus" "StageStatus",
    "toStage" "RoundStage" NOT NULL,
    "toStatus" "StageStatus" NOT NULL,
    "actorId" TEXT,
    "byRule" BOOLEAN NOT NULL DEFAULT true,
    "reason" TEXT,
    "data" JSONB NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "RoundTransition_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Outbox" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subjectId" TEXT NOT NULL,
    "dedupeKey" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "availableAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "enqueuedAt" TIMESTAMP(3),
    "doneAt" TIMESTAMP(3),
    "lastError" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "WorkerProcess" (
    "id" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "queues" TEXT[],
    "engine" JSONB,
    "startedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "heartbeatAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "WorkerProcess_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "Session_token_key" ON "Session"("token");

-- CreateIndex
CREATE INDEX "Session_userId_idx" ON "Session"("userId");

-- CreateIndex
CREATE INDEX "Account_userId_idx" ON "Account"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Account_providerId_accountId_key" ON "Account"("providerId", "accountId");

-- CreateIndex
CREATE INDEX "Verification_identifier_idx" ON "Verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "RateLimit_key_key" ON "RateLimit"("key");

-- CreateIndex
CREATE UNIQUE INDEX "Invitation_tokenHash_key" ON "Invitation"("tokenHash");

-- CreateIndex
CREATE UNIQUE INDEX "Project_slug_key" ON "Project"("slug");

-- CreateIndex
CREATE INDEX "Membership_userId_idx" ON "Membership"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Membership_projectId_pseudonym_key" ON "Membership"("projectId", "pseudonym");

-- CreateIndex
CREATE UNIQUE INDEX "Guideline_projectId_version_key" ON "Guideline"("projectId", "version");

-- CreateIndex
CREATE UNIQUE INDEX "FormVersion_projectId_kind_version_key" ON "FormVersion"("projectId", "kind", "version");

-- CreateIndex
CREATE UNIQUE INDEX "Dataset_projectId_name_key" ON "Dataset"("projectId", "name");

-- CreateIndex
CREATE INDEX "Prompt_datasetId_split_ordinal_idx" ON "Prompt"("datasetId", "split", "ordinal");

-- CreateIndex
CREATE INDEX "Prompt_splitKey_idx" ON "Prompt"("splitKey");

-- CreateIndex
CREATE UNIQUE INDEX "Prompt_datasetId_contentHash_key" ON "Prompt"("datasetId", "contentHash");

-- CreateIndex
CREATE INDEX "Response_promptId_idx" ON "Response"("promptId");

-- CreateIndex
CREATE INDEX "Response_modelVersionId_idx" ON "Response"("modelVersionId");

-- CreateIndex
CREATE UNIQUE INDEX "Response_runId_promptId_modelVersionId_sampleIndex_key" ON "Response"("runId", "promptId", "modelVersionId", "sampleIndex");

-- CreateIndex
CREATE INDEX "Task_projectId_status_idx" ON "Task"("projectId", "status");

-- CreateIndex
CREATE UNIQUE INDEX "Task_roundId_purpose_promptId_key" ON "Task"("roundId", "purpose", "promptId");

-- CreateIndex
CREATE UNIQUE INDEX "TaskResponse_taskId_position_key" ON "TaskResponse"("taskId", "position");

-- CreateIndex
CREATE UNIQUE INDEX "Slot_liveAnnotationId_key" ON "Slot"("liveAnnotationId");

-- CreateIndex
CREATE INDEX "Slot_annotatorId_idx" ON "Slot"("annotatorId");

-- CreateIndex
CREATE UNIQUE INDEX "Slot_taskId_ordinal_key" ON "Slot"("taskId", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "Slot_taskId_annotatorId_key" ON "Slot"("taskId", "annotatorId");

-- CreateIndex
CREATE INDEX "Assignment_annotatorId_releasedAt_submittedAt_idx" ON "Assignment"("annotatorId", "releasedAt", "submittedAt");

-- CreateIndex
CREATE INDEX "Assignment_slotId_idx" ON "Assignment"("slotId");

-- CreateIndex
CREATE UNIQUE INDEX "Annotation_supersedesId_key" ON "Annotation"("supersedesId");

-- CreateIndex
CREATE UNIQUE INDEX "Annotation_withdrawsId_key" ON "Annotation"("withdrawsId");

-- CreateIndex
CREATE INDEX "Annotation_taskId_idx" ON "Annotation"("taskId");

-- CreateIndex
CREATE INDEX "Annotation_annotatorId_createdAt_idx" ON "Annotation"("annotatorId", "createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "Annotation_annotatorId_idempotencyKey_key" ON "Annotation"("annotatorId", "idempotencyKey");

-- CreateIndex
CREATE UNIQUE INDEX "Snapshot_roundId_key" ON "Snapshot"("roundId");

-- CreateIndex
CREATE INDEX "Snapshot_projectId_hash_idx" ON "Snapshot"("projectId", "hash");

-- CreateIndex
CREATE INDEX "SnapshotAnnotation_annotationId_idx" ON "SnapshotAnnotation"("annotationId");

-- CreateIndex
CREATE INDEX "ModelVersion_runId_idx" ON "ModelVersion"("runId");

-- CreateIndex
CREATE UNIQUE INDEX "ModelVersion_projectId_name_key" ON "ModelVersion"("projectId", "name");

-- CreateIndex
CREATE INDEX "Run_projectId_createdAt_idx" ON "Run"("projectId", "createdAt");

-- CreateIndex
CREATE INDEX "Run_status_idx" ON "Run"("status");

-- CreateIndex
CREATE INDEX "Run_roundId_idx" ON "Run"("roundId");

-- CreateIndex
CREATE INDEX "RunEvent_runId_at_idx" ON "RunEvent"("runId", "at");

-- CreateIndex
CREATE UNIQUE INDEX "Checkpoint_runId_step_key" ON "Checkpoint"("runId", "step");

-- CreateIndex
CREATE INDEX "LineageEdge_fromKind_fromId_idx" ON "LineageEdge"("fromKind", "fromId");

-- CreateIndex
CREATE UNIQUE INDEX "Loop_projectId_name_key" ON "Loop"("projectId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "Round_loopId_ordinal_key" ON "Round"("loopId", "ordinal");

-- CreateIndex
CREATE INDEX "RoundTransition_roundId_at_idx" ON "RoundTransition"("roundId", "at");

-- CreateIndex
CREATE UNIQUE INDEX "Outbox_dedupeKey_key" ON "Outbox"("dedupeKey");

-- CreateIndex
CREATE INDEX "Outbox_doneAt_availableAt_idx" ON "Outbox"("doneAt", "availableAt");

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Account" ADD CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Invitation" ADD CONSTRAINT "Invitation_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Guideline" ADD CONSTRAINT "Guideline_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FormVersion" ADD CONSTRAINT "FormVersion_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Dataset" ADD CONSTRAINT "Dataset_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Prompt" ADD CONSTRAINT "Prompt_datasetId_fkey" FOREIGN KEY ("datasetId") REFERENCES "Dataset"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Response" ADD CONSTRAINT "Response_promptId_fkey" FOREIGN KEY ("promptId") REFERENCES "Prompt"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Response" ADD CONSTRAINT "Response_modelVersionId_fkey" FOREIGN KEY ("modelVersionId") REFERENCES "ModelVersion"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Response" ADD CONSTRAINT "Response_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Task" ADD CONSTRAINT "Task_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Task" ADD CONSTRAINT "Task_roundId_fkey" FOREIGN KEY ("roundId") REFERENCES "Round"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Task" ADD CONSTRAINT "Task_promptId_fkey" FOREIGN KEY ("promptId") REFERENCES "Prompt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Task" ADD CONSTRAINT "Task_guidelineId_fkey" FOREIGN KEY ("guidelineId") REFERENCES "Guideline"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Task" ADD CONSTRAINT "Task_formVersionId_fkey" FOREIGN KEY ("formVersionId") REFERENCES "FormVersion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TaskResponse" ADD CONSTRAINT "TaskResponse_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TaskResponse" ADD CONSTRAINT "TaskResponse_responseId_fkey" FOREIGN KEY ("responseId") REFERENCES "Response"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Slot" ADD CONSTRAINT "Slot_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Slot" ADD CONSTRAINT "Slot_annotatorId_fkey" FOREIGN KEY ("annotatorId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Assignment" ADD CONSTRAINT "Assignment_slotId_fkey" FOREIGN KEY ("slotId") REFERENCES "Slot"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Assignment" ADD CONSTRAINT "Assignment_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Assignment" ADD CONSTRAINT "Assignment_annotatorId_fkey" FOREIGN KEY ("annotatorId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Annotation" ADD CONSTRAINT "Annotation_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Annotation" ADD CONSTRAINT "Annotation_slotId_fkey" FOREIGN KEY ("slotId") REFERENCES "Slot"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Annotation" ADD CONSTRAINT "Annotation_assignmentId_fkey" FOREIGN KEY ("assignmentId") REFERENCES "Assignment"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Annotation" ADD CONSTRAINT "Annotation_annotatorId_fkey" FOREIGN KEY ("annotatorId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Snapshot" ADD CONSTRAINT "Snapshot_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SnapshotAnnotation" ADD CONSTRAINT "SnapshotAnnotation_snapshotId_fkey" FOREIGN KEY ("snapshotId") REFERENCES "Snapshot"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SnapshotAnnotation" ADD CONSTRAINT "SnapshotAnnotation_annotationId_fkey" FOREIGN KEY ("annotationId") REFERENCES "Annotation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ModelVersion" ADD CONSTRAINT "ModelVersion_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ModelVersion" ADD CONSTRAINT "ModelVersion_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Run" ADD CONSTRAINT "Run_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Run" ADD CONSTRAINT "Run_roundId_fkey" FOREIGN KEY ("roundId") REFERENCES "Round"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RunMetric" ADD CONSTRAINT "RunMetric_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RunSample" ADD CONSTRAINT "RunSample_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RunSample" ADD CONSTRAINT "RunSample_promptId_fkey" FOREIGN KEY ("promptId") REFERENCES "Prompt"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RunEvent" ADD CONSTRAINT "RunEvent_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Checkpoint" ADD CONSTRAINT "Checkpoint_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Loop" ADD CONSTRAINT "Loop_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Round" ADD CONSTRAINT "Round_loopId_fkey" FOREIGN KEY ("loopId") REFERENCES "Loop"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RoundTransition" ADD CONSTRAINT "RoundTransition_roundId_fkey" FOREIGN KEY ("roundId") REFERENCES "Round"("id") ON DELETE RESTRICT ON UPDATE CASCADE;



-- ---------------------------------------------------------------------------------------------------------------------------------
-- What the schema language cannot say.

-- The claim takes the first slot of a project that is free or whose lease ran out: this index holds the candidates (and the
-- few that are leased), in the order of the claim.
CREATE INDEX "Slot_open_idx" ON "Slot" ("projectId", "priority" DESC, "taskId", "ordinal") WHERE "state" IN ('FREE', 'LEASED');
-- Leases to take back.
CREATE INDEX "Slot_leased_idx" ON "Slot" ("leaseExpiresAt") WHERE "state" = 'LEASED';
-- What the sweeper still has to see done.
CREATE INDEX "Outbox_open_idx" ON "Outbox" ("availableAt") WHERE "doneAt" IS NULL;
-- Runs and rounds that can still move.
CREATE INDEX "Run_open_idx" ON "Run" ("status") WHERE "status" IN ('QUEUED', 'RUNNING', 'PAUSED');
CREATE INDEX "Round_open_idx" ON "Round" ("loopId") WHERE "finishedAt" IS NULL;

ALTER TABLE "Slot" ADD CONSTRAINT "Slot_state_consistent" CHECK (
  CASE "state"
    WHEN 'FREE' THEN "annotatorId" IS NULL AND "leaseExpiresAt" IS NULL AND "liveAnnotationId" IS NULL
    WHEN 'LEASED' THEN "annotatorId" IS NOT NULL AND "leaseExpiresAt" IS NOT NULL AND "liveAnnotationId" IS NULL
    WHEN 'FILLED' THEN "annotatorId" IS NOT NULL AND "liveAnnotationId" IS NOT NULL
    ELSE "liveAnnotationId" IS NULL
  END
);
ALTER TABLE "Slot" ADD CONSTRAINT "Slot_ordinal_not_negative" CHECK ("ordinal" >= 0);
ALTER TABLE "TaskResponse" ADD CONSTRAINT "TaskResponse_position_not_negative" CHECK ("position" >= 0);
ALTER TABLE "Prompt" ADD CONSTRAINT "Prompt_ordinal_not_negative" CHECK ("ordinal" >= 0);
ALTER TABLE "Response" ADD CONSTRAINT "Response_model_named" CHECK ("origin" <> 'MODEL' OR "modelVersionId" IS NOT NULL);
ALTER TABLE "Annotation" ADD CONSTRAINT "Annotation_supersedes_or_withdraws" CHECK ("supersedesId" IS NULL OR "withdrawsId" IS NULL);
ALTER TABLE "Annotation" ADD CONSTRAINT "Annotation_active_ms_not_negative" CHECK ("activeMs" >= 0);
ALTER TABLE "Artifact" ADD CONSTRAINT "Artifact_size_not_negative" CHECK ("size" >= 0);
ALTER TABLE "Run" ADD CONSTRAINT "Run_counters_not_negative" CHECK ("epoch" >= 0 AND "attempt" >= 0 AND "step" >= 0);
ALTER TABLE "RunMetric" ADD CONSTRAINT "RunMetric_step_not_negative" CHECK ("step" >= 0);
ALTER TABLE "Checkpoint" ADD CONSTRAINT "Checkpoint_step_not_negative" CHECK ("step" >= 0);

-- History is added to, never rewritten.
CREATE FUNCTION "refuse_change_of_history"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of "%" are append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Write a new row that supersedes or withdraws the old one.';
END;
$$;

CREATE TRIGGER "Annotation_append_only" BEFORE UPDATE OR DELETE ON "Annotation"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change_of_history"();
CREATE TRIGGER "Annotation_no_truncate" BEFORE TRUNCATE ON "Annotation"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_history"();
CREATE TRIGGER "SnapshotAnnotation_append_only" BEFORE UPDATE OR DELETE ON "SnapshotAnnotation"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change_of_history"();
CREATE TRIGGER "SnapshotAnnotation_no_truncate" BEFORE TRUNCATE ON "SnapshotAnnotation"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_history"();
CREATE TRIGGER "RoundTransition_append_only" BEFORE UPDATE OR DELETE ON "RoundTransition"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change_of_history"();
CREATE TRIGGER "RoundTransition_no_truncate" BEFORE TRUNCATE ON "RoundTransition"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_history"();
