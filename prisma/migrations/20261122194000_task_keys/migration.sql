-- What an importer calls a task: asked for again, it is not taken twice.
ALTER TABLE "Task" ADD COLUMN "key" TEXT;
CREATE UNIQUE INDEX "Task_key_idx" ON "Task" ("projectId", "key") WHERE "key" IS NOT NULL;
