-- A report is kept for each period and guideline version that was asked for. What was kept is computed anew: it holds more now.
DELETE FROM "QualityReport";
ALTER TABLE "QualityReport" DROP CONSTRAINT "QualityReport_pkey";
ALTER TABLE "QualityReport" ADD COLUMN "scope" TEXT NOT NULL DEFAULT '';
ALTER TABLE "QualityReport" ADD CONSTRAINT "QualityReport_pkey" PRIMARY KEY ("projectId", "scope");
