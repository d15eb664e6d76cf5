-- What a person holds now, beside whatever he has done.
CREATE INDEX "Slot_held_idx" ON "Slot" ("annotatorId") WHERE "state" = 'LEASED';
