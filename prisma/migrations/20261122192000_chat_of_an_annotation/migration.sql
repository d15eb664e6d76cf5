-- DropIndex
DROP INDEX "ChatSession_assignmentId_key";

-- AlterTable
ALTER TABLE "ChatSession" ADD COLUMN "annotationId" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "ChatSession_annotationId_key" ON "ChatSession"("annotationId");

-- CreateIndex
CREATE INDEX "ChatSession_assignmentId_idx" ON "ChatSession"("assignmentId");

-- AddForeignKey
ALTER TABLE "ChatSession" ADD CONSTRAINT "ChatSession_annotationId_fkey" FOREIGN KEY ("annotationId") REFERENCES "Annotation"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- One open conversation an assignment; what was judged stays beside it.
CREATE UNIQUE INDEX "ChatSession_open_key" ON "ChatSession"("assignmentId") WHERE "annotationId" IS NULL;
