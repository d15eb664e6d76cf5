import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { failureOf, runCli, scratchFolder } from './run-cli';

const folder = scratchFolder();
const options = { home: path.join(folder, 'home') };
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const small = ['--labels', '40,400', '--overlaps', '1,2', '--dimension', '8', '--worlds', '2'];

it('plans a campaign without a database, for people and for machines', async () => {
  const [machine, person] = await Promise.all([
    runCli(['simulate', 'campaign', ...small, '--annotators', '0.9x3,0.7/0.6x2', '--target', '0.75', '--json'], options),
    runCli(['simulate', 'campaign', ...small, '--agreement', '0.73', '--target', '0.95'], options),
  ]);
  expect(machine.code).toBe(0);
  expect(machine.json.cells).toHaveLength(4);
  expect(machine.json.config).toMatchObject({
    crew: [
      { people: 3, accuracy: 0.9, positionBias: 0.5 },
      { people: 2, accuracy: 0.7, positionBias: 0.6 },
    ],
  });
  expect(machine.json.cheapest).toMatchObject({ overlap: 1 });
  expect(machine.stderr).toContain('simulations done');
  expect(person.stdout).toContain('The ceiling is 85.2 %');
  expect(person.stdout).toContain('No plan in the table reaches 95.0 %');
});

it('names the option that is wrong', async () => {
  const wrong = await Promise.all(
    [
      ['--annotators', 'many'],
      ['--agreement', '0.4'],
      ['--labels', '10,x'],
      ['--answers', '12'],
      ['--overlaps', '9'],
    ].map((given) => runCli(['simulate', 'campaign', ...small.slice(4), ...given, '--json'], options)),
  );
  expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  const said = wrong.map((run) => failureOf(run).message);
  for (const [index, part] of ['"many" is no group', 'above 0.5', 'not "x"', '--answers', '9 rankings by different people'].entries())
    expect(said[index]).toContain(part);
});
