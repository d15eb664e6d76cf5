-- What the claim needs in order not to walk past what a person has done already, what is held, and what he may not see.

-- AlterTable
ALTER TABLE "Slot" ADD COLUMN     "laneId" INTEGER,
ADD COLUMN     "position" BIGSERIAL NOT NULL;

-- AlterTable
ALTER TABLE "Task" ADD COLUMN     "setAsideAt" TIMESTAMP(3);

-- CreateTable
CREATE TABLE "ClaimLane" (
    "id" SERIAL NOT NULL,
    "projectId" TEXT NOT NULL,
    "roundId" TEXT,
    "poolId" TEXT,

    CONSTRAINT "ClaimLane_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ClaimCursor" (
    "userId" TEXT NOT NULL,
    "laneId" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL,
    "position" BIGINT NOT NULL DEFAULT 0,
    "expiredAt" TIMESTAMP(3),
    "expiredPosition" BIGINT NOT NULL DEFAULT 0,
    "basis" TEXT NOT NULL,

    CONSTRAINT "ClaimCursor_pkey" PRIMARY KEY ("userId","laneId","priority")
);

-- CreateTable
CREATE TABLE "WorkDay" (
    "projectId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "done" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "WorkDay_pkey" PRIMARY KEY ("projectId","userId","day")
);

-- DropIndex: the two indexes below take their place.
DROP INDEX "Slot_open_idx";
DROP INDEX "Slot_leased_idx";

-- CreateIndex
CREATE INDEX "ClaimLane_projectId_idx" ON "ClaimLane"("projectId");

-- CreateIndex
CREATE INDEX "Assignment_taskId_annotatorId_idx" ON "Assignment"("taskId", "annotatorId");

-- AddForeignKey
ALTER TABLE "ClaimLane" ADD CONSTRAINT "ClaimLane_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ClaimCursor" ADD CONSTRAINT "ClaimCursor_laneId_fkey" FOREIGN KEY ("laneId") REFERENCES "ClaimLane"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WorkDay" ADD CONSTRAINT "WorkDay_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- ---------------------------------------------------------------------------------------------------------------------------------
-- What the schema language cannot say.

CREATE UNIQUE INDEX "ClaimLane_of_idx" ON "ClaimLane" ("projectId", coalesce("roundId", ''), coalesce("poolId", ''));

-- What can be claimed, in the order of the claim. A slot whose task is not handed out from the pool has no lane.
CREATE INDEX "Slot_free_idx" ON "Slot" ("laneId", "priority" DESC, "position") WHERE "state" = 'FREE' AND "laneId" IS NOT NULL;
-- What can be claimed once its lease ran out, the oldest first.
CREATE INDEX "Slot_lease_idx" ON "Slot" ("laneId", "priority" DESC, "leaseExpiresAt", "position") WHERE "state" = 'LEASED' AND "laneId" IS NOT NULL;

-- A claim leaves a dead entry at the head of these indexes: they are cleaned long before a fifth of the table is dead.
ALTER TABLE "Slot" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE "Assignment" SET (autovacuum_vacuum_scale_factor = 0.02);

-- The lane of a task that anybody may claim; null for tasks that are given to one person at a time (gold, repeats, training, tests).
CREATE FUNCTION "claim_lane"(project TEXT, round TEXT, pool TEXT, purpose "TaskPurpose", only_user TEXT) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
  lane INTEGER;
BEGIN
  IF purpose NOT IN ('LABELING', 'EVALUATION') OR only_user IS NOT NULL THEN
    RETURN NULL;
  END IF;
  LOOP
    SELECT "id" INTO lane FROM "ClaimLane"
      WHERE "projectId" = project AND coalesce("roundId", '') = coalesce(round, '') AND coalesce("poolId", '') = coalesce(pool, '');
    IF FOUND THEN
      RETURN lane;
    END IF;
    INSERT INTO "ClaimLane" ("projectId", "roundId", "poolId") VALUES (project, round, pool) ON CONFLICT DO NOTHING;
  END LOOP;
END;
$$;

-- A new place at the end of its lane. Who moves a cursor over a lane holds the same lock alone (lib/services/labeling/claim-cursor.ts):
-- so no cursor passes a place that is taken but not committed yet.
CREATE FUNCTION "next_slot_position"(lane INTEGER) RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
  IF lane IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock_shared(7112, lane);
  END IF;
  RETURN nextval('"Slot_position_seq"');
END;
$$;

CREATE FUNCTION "slot_joins_lane"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  task RECORD;
BEGIN
  SELECT "projectId", "roundId", "poolId", "contentFlags", "purpose", "onlyUserId", "priority" INTO task FROM "Task" WHERE "id" = NEW."taskId";
  IF NOT FOUND THEN
    RETURN NEW; -- the foreign key refuses it
  END IF;
  NEW."poolId" := task."poolId";
  NEW."contentFlags" := task."contentFlags";
  IF NEW."priority" = 0 THEN
    NEW."priority" := task."priority";
  END IF;
  NEW."laneId" := "claim_lane"(task."projectId", task."roundId", task."poolId", task."purpose", task."onlyUserId");
  NEW."position" := "next_slot_position"(NEW."laneId");
  RETURN NEW;
END;
$$;
CREATE TRIGGER "Slot_joins_lane" BEFORE INSERT ON "Slot" FOR EACH ROW EXECUTE FUNCTION "slot_joins_lane"();

-- What comes back, or changes for whom it is, goes to the end of its lane, where every cursor still has to come by.
CREATE FUNCTION "slot_comes_back"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."position" := "next_slot_position"(NEW."laneId");
  RETURN NEW;
END;
$$;
CREATE TRIGGER "Slot_comes_back" BEFORE UPDATE ON "Slot" FOR EACH ROW
  WHEN ((NEW."state" = 'FREE' AND OLD."state" <> 'FREE') OR NEW."laneId" IS DISTINCT FROM OLD."laneId" OR NEW."priority" <> OLD."priority"
    OR NEW."contentFlags" IS DISTINCT FROM OLD."contentFlags")
  EXECUTE FUNCTION "slot_comes_back"();

CREATE FUNCTION "task_changes_lane"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "Slot" SET "poolId" = NEW."poolId", "contentFlags" = NEW."contentFlags",
    "priority" = CASE WHEN NEW."priority" <> OLD."priority" THEN NEW."priority" ELSE "priority" END,
    "laneId" = "claim_lane"(NEW."projectId", NEW."roundId", NEW."poolId", NEW."purpose", NEW."onlyUserId")
    WHERE "taskId" = NEW."id";
  RETURN NULL;
END;
$$;
CREATE TRIGGER "Task_changes_lane" AFTER UPDATE ON "Task" FOR EACH ROW
  WHEN (NEW."poolId" IS DISTINCT FROM OLD."poolId" OR NEW."roundId" IS DISTINCT FROM OLD."roundId" OR NEW."priority" <> OLD."priority"
    OR NEW."contentFlags" IS DISTINCT FROM OLD."contentFlags" OR NEW."purpose" <> OLD."purpose" OR NEW."onlyUserId" IS DISTINCT FROM OLD."onlyUserId")
  EXECUTE FUNCTION "task_changes_lane"();

-- What is there already.
INSERT INTO "ClaimLane" ("projectId", "roundId", "poolId")
  SELECT DISTINCT "projectId", "roundId", "poolId" FROM "Task" WHERE "purpose" IN ('LABELING', 'EVALUATION') AND "onlyUserId" IS NULL;
UPDATE "Slot" s SET "laneId" = l."id"
  FROM "Task" t JOIN "ClaimLane" l ON l."projectId" = t."projectId" AND coalesce(l."roundId", '') = coalesce(t."roundId", '')
    AND coalesce(l."poolId", '') = coalesce(t."poolId", '')
  WHERE t."id" = s."taskId" AND t."purpose" IN ('LABELING', 'EVALUATION') AND t."onlyUserId" IS NULL;
INSERT INTO "WorkDay" ("projectId", "userId", "day", "done")
  SELECT t."projectId", a."annotatorId", a."submittedAt"::date, count(*)
  FROM "Assignment" a JOIN "Task" t ON t."id" = a."taskId" WHERE a."submittedAt" IS NOT NULL GROUP BY 1, 2, 3;
