-- CreateTable
CREATE TABLE "QualityReport" (
    "projectId" TEXT NOT NULL,
    "report" JSONB NOT NULL,
    "annotations" INTEGER NOT NULL,
    "tookMs" INTEGER NOT NULL,
    "computedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "QualityReport_pkey" PRIMARY KEY ("projectId")
);
