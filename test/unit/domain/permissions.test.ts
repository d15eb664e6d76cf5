import { describe, expect, it } from 'vitest';
import { type Action, isAllowed, projectActions, type Role, roles, rolesFor, systemActions } from '#lib/domain/permissions';

/** Written out a second time on purpose: a change of the table has to be made in two places, knowingly. */
const expected: Record<string, string> = {
  'project.read': 'ANNOTATOR REVIEWER RESEARCHER ADMIN',
  'project.manage': 'ADMIN',
  'member.read': 'REVIEWER RESEARCHER ADMIN',
  'member.invite': 'ADMIN',
  'member.manage': 'ADMIN',
  'guideline.read': 'ANNOTATOR REVIEWER RESEARCHER ADMIN',
  'guideline.write': 'RESEARCHER ADMIN',
  'form.read': 'REVIEWER RESEARCHER ADMIN',
  'form.write': 'RESEARCHER ADMIN',
  'dataset.read': 'REVIEWER RESEARCHER ADMIN',
  'dataset.import': 'RESEARCHER ADMIN',
  'labeling.annotate': 'ANNOTATOR',
  'labeling.manage': 'RESEARCHER ADMIN',
  'annotation.read': 'REVIEWER RESEARCHER ADMIN',
  'quality.read': 'REVIEWER RESEARCHER ADMIN',
  'quality.rate': 'REVIEWER RESEARCHER ADMIN',
  'quality.manage': 'RESEARCHER ADMIN',
  'review.judge': 'REVIEWER',
  'snapshot.read': 'RESEARCHER ADMIN',
  'snapshot.freeze': 'RESEARCHER',
  'model.read': 'RESEARCHER ADMIN',
  'model.import': 'RESEARCHER',
  'model.export': 'RESEARCHER',
  'loop.read': 'RESEARCHER ADMIN',
  'loop.create': 'RESEARCHER',
  'loop.operate': 'RESEARCHER',
  'run.read': 'RESEARCHER ADMIN',
  'run.operate': 'RESEARCHER',
  'lineage.read': 'RESEARCHER ADMIN',
};

const roleSets: Role[][] = Array.from({ length: 2 ** roles.length }, (_, bits) => roles.filter((_role, index) => bits & (1 << index)));

describe('permissions', () => {
  it('names every project action', () => {
    expect([...projectActions].sort()).toEqual(Object.keys(expected).sort());
    expect(roleSets).toHaveLength(16);
  });

  for (const admin of [false, true]) {
    for (const held of roleSets) {
      it(`${held.join('+') || 'no role'}${admin ? ', system admin' : ''}: every action as the table says`, () => {
        for (const action of projectActions) {
          const may = (expected[action] ?? '').split(' ');
          expect(isAllowed(held, admin, action), action).toBe(held.some((role) => may.includes(role)));
        }
        for (const action of systemActions) expect(isAllowed(held, admin, action), action).toBe(admin);
      });
    }
  }

  it('denies what it does not know, also to a system admin', () => {
    for (const action of ['constructor', 'toString', 'project.delete', '__proto__']) {
      expect(isAllowed([...roles], true, action as Action)).toBe(false);
      expect(rolesFor(action as Action)).toEqual([]);
    }
  });
});
